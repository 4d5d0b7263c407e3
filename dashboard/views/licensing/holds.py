"""Suspending, reinstating and revoking a license: a page that asks, and the act."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dashboard.forms import ConfirmationForm, ReasonForm
from dashboard.forms.telling import ActForm
from dashboard.once import Made
from dashboard.shown import shown_license
from dashboard.views.asking import ASKED_AND_DONE, ask, back_to, settled, typed
from dashboard.views.licensing.subjects import license_of
from dashboard.views.propagation import told
from dashboard.views.viewer import Viewer, for_members
from licensing.actions.licenses import reinstate_license, revoke_license, suspend_license
from licensing.models import License
from tenants import clock


class Hold(NamedTuple):
    """`template` asks; `done` is what is said afterwards."""

    template: str
    form: type[ActForm]
    action: Callable[..., License]
    done: str


SUSPENSION = Hold("licensing/licenses/suspension.html", ReasonForm, suspend_license, "The license is suspended.")
REINSTATEMENT = Hold(
    "licensing/licenses/reinstatement.html", ConfirmationForm, reinstate_license, "The license is reinstated."
)
REVOCATION = Hold("licensing/licenses/revocation.html", ReasonForm, revoke_license, "The license is revoked.")


@ASKED_AND_DONE
@for_members("licenses:write")
def suspension(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(SUSPENSION, request, viewer, license_id)


@ASKED_AND_DONE
@for_members("licenses:write")
def reinstatement(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(REINSTATEMENT, request, viewer, license_id)


@ASKED_AND_DONE
@for_members("licenses:write")
def revocation(request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    return _decide(REVOCATION, request, viewer, license_id)


def _decide(hold: Hold, request: HttpRequest, viewer: Viewer, license_id: UUID) -> HttpResponse:
    now = clock.now()
    row = license_of(viewer, license_id, now)
    context = {
        "license": shown_license(row, now),
        "back": back_to(viewer, row.customer.name, "license", license_id),
    }

    def done(made: Made) -> HttpResponse:
        return settled(request, viewer, f"{hold.done} {told(made)}", "license", license_id)

    action, form = partial(hold.action, license_id), hold.form(typed(request))
    return ask(request, viewer, form, template=hold.template, action=action, done=done, context=context)
