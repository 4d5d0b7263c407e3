"""One way for a page to ask and then act: parse, one action, and on to what is shown afterwards."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.forms.telling import ActForm, tell
from dashboard.once import Made, once
from dashboard.views.viewer import Viewer
from tenants.actions.writing import held
from tenants.models.kept import Versioned
from tenants.rules.refusal import Refusal

ASKED_AND_DONE = require_http_methods(["GET", "HEAD", "POST"])
REVISION, OVERTAKEN = "revision", "changed_meanwhile"
_CHANGED = "Somebody changed it since you opened this page. Look at it anew; if it is still right, send it once more."
_SENT_BEFORE = "This form did something already. To do this as well, send it once more."


class Back(NamedTuple):
    """Where a page that asks was opened from, and where its Cancel leads."""

    href: str
    name: str


def back_to(viewer: Viewer, name: str, url_name: str, *ids: UUID) -> Back:
    return Back(reverse(url_name, args=[viewer.environment.id, *ids]), name)


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form is filled with; None while it is only asked for."""
    return request.POST if request.method == "POST" else None


def ask(
    request: HttpRequest,
    viewer: Viewer,
    form: ActForm,
    *,
    template: str,
    action: Callable[..., Any],
    done: Callable[[Made], HttpResponse],
    seen: Versioned | None = None,
    **context: Any,
) -> HttpResponse:
    """`action` is called with what the form asks, `within`, `by` and `now`; `context` holds `back`. Raises Http404.

    `seen` is the row as the page shows it: if somebody changes it before the form is sent, nothing is done but told.
    A page that is shown again shows what was typed: only once that is told does it count as opened anew.
    """
    status, revision = 200, request.POST.get(REVISION, seen.revision) if seen else None
    if form.is_valid():
        act = partial(action, **form.asked())
        try:
            made = once(request, viewer, partial(_unless_changed, request, seen, act) if seen else act)
        except Refusal as refusal:
            status = told(form, refusal)
            revision = seen.revision if seen and refusal.code == OVERTAKEN else revision
        else:
            return done(made)
    return render(request, template, {"form": form, "revision": revision, **context}, status=status)


def settled(request: HttpRequest, viewer: Viewer, sentence: str, url_name: str, *ids: UUID) -> HttpResponse:
    """Says what was done on the page where it can be seen."""
    messages.success(request, sentence)
    return redirect(url_name, viewer.environment.id, *ids)


def told(form: ActForm, refusal: Refusal) -> int:
    """Tells it on the form's page, and gives the answer's HTTP status. Raises Http404."""
    if refusal.code == "idempotency_key_reused":
        refusal = Refusal(refusal.code, refusal.kind, _SENT_BEFORE)
    return tell(form, refusal)


def _unless_changed(request: HttpRequest, seen: Versioned, act: Callable[..., Any], **whose: Any) -> Any:
    revision = str(held(seen).revision)
    if request.POST.get(REVISION, revision) != revision:
        raise Refusal(OVERTAKEN, "precondition_failed", _CHANGED)
    return act(**whose)
