"""Suspending, reinstating and revoking a license, suspending and reinstating a key: a page that asks, and the act."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dashboard.forms import ConfirmationForm, ReasonForm
from dashboard.forms.telling import ActForm
from dashboard.once import Made
from dashboard.shown import shown_key, shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import key_of, license_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.keys import reinstate_key, suspend_key
from licensing.actions.licenses import reinstate_license, revoke_license, suspend_license
from licensing.models.held import Held
from tenants import clock


class Hold(NamedTuple):
    """`template` asks; `page` shows what it is about, and `done` is what is said there afterwards."""

    template: str
    form: type[ActForm]
    action: Callable[..., Held]
    page: str
    done: str


SUSPENSION = Hold(
    "licensing/licenses/holds/suspension.html", ReasonForm, suspend_license, "license", "The license is suspended."
)
REINSTATEMENT = Hold(
    *("licensing/licenses/holds/reinstatement.html", ConfirmationForm, reinstate_license),
    *("license", "The license is reinstated."),
)
REVOCATION = Hold(
    "licensing/licenses/holds/revocation.html", ReasonForm, revoke_license, "license", "The license is revoked."
)
KEY_SUSPENSION = Hold("licensing/keys/holds/suspension.html", ReasonForm, suspend_key, "key", "The key is suspended.")
KEY_REINSTATEMENT = Hold(
    "licensing/keys/holds/reinstatement.html", ConfirmationForm, reinstate_key, "key", "The key is reinstated."
)


@ASKED_AND_DONE
@for_members("licenses:write")
def suspension(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(SUSPENSION, request, viewer, license_id, _about_license(viewer, license_id))


@ASKED_AND_DONE
@for_members("licenses:write")
def reinstatement(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(REINSTATEMENT, request, viewer, license_id, _about_license(viewer, license_id))


@ASKED_AND_DONE
@for_members("licenses:write")
def revocation(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(REVOCATION, request, viewer, license_id, _about_license(viewer, license_id))


@ASKED_AND_DONE
@for_members("keys:write")
def key_suspension(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    return _decide(KEY_SUSPENSION, request, viewer, key_id, _about_key(viewer, key_id))


@ASKED_AND_DONE
@for_members("keys:write")
def key_reinstatement(request: HttpRequest, viewer: Viewer, key_id: UUID) -> HttpResponse:
    return _decide(KEY_REINSTATEMENT, request, viewer, key_id, _about_key(viewer, key_id))


def _about_license(viewer: Viewer, license_id: UUID) -> dict[str, Any]:
    now = clock.now()
    row = license_of(viewer, license_id, now)
    return {"license": shown_license(row, now), "back": back_to(viewer, row.customer.name, "license", license_id)}


def _about_key(viewer: Viewer, key_id: UUID) -> dict[str, Any]:
    key = shown_key(key_of(viewer, key_id), viewer.environment, clock.now())
    return {"key": key, "back": back_to(viewer, key.row.name or key.masked, "key", key_id)}


def _decide(
    hold: Hold, request: HttpRequest, viewer: Viewer, subject_id: UUID, context: dict[str, Any]
) -> HttpResponse:
    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"{hold.done} {told(made)}", hold.page, subject_id)

    action, form = partial(hold.action, subject_id), hold.form(typed(request))
    return ask(request, viewer, form, template=hold.template, action=action, done=done, **context)
