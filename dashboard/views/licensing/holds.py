"""Suspending, reinstating and revoking a license: a page that asks, and the act."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.forms import ConfirmationForm, ReasonForm, tell
from dashboard.shown import shown_license
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.licenses import reinstate_license, revoke_license, suspend_license
from licensing.models import License
from licensing.queries import licenses
from tenants import clock
from tenants.rules.refusal import Refusal
from tenants.tenancy import tenant_transaction


class Hold(NamedTuple):
    """`template` asks; `done` is what is said afterwards."""

    template: str
    form: type[forms.Form]
    action: Callable[..., License]
    done: str


SUSPENSION = Hold("licensing/licenses/suspension.html", ReasonForm, suspend_license, "The license is suspended.")
REINSTATEMENT = Hold(
    "licensing/licenses/reinstatement.html", ConfirmationForm, reinstate_license, "The license is reinstated."
)
REVOCATION = Hold("licensing/licenses/revocation.html", ReasonForm, revoke_license, "The license is revoked.")


@require_http_methods(["GET", "HEAD", "POST"])
@for_members("licenses:write")
def suspension(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(SUSPENSION, request, viewer, license_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members("licenses:write")
def reinstatement(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(REINSTATEMENT, request, viewer, license_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members("licenses:write")
def revocation(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(REVOCATION, request, viewer, license_id)


def _decide(hold: Hold, request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now, status = clock.now(), 200
    form = hold.form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = hold.action(license_id, within=viewer.environment, by=viewer.actor, now=now, **form.cleaned_data)
        except Refusal as refusal:
            status = tell(form, refusal)
        else:
            messages.success(request, f"{hold.done} {told(row)}")
            return redirect("license", viewer.environment.id, license_id)
    return render(request, hold.template, _asked(form, viewer, license_id, now), status=status)


def _asked(form: forms.Form, viewer: Viewer, license_id: UUID, now: datetime) -> dict[str, Any]:
    with tenant_transaction(viewer.environment.organization_id):
        row = licenses.found(license_id, viewer.environment, now)
    if row is None:
        raise Http404
    return {"license": shown_license(row, now), "form": form}
