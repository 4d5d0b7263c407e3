"""Inviting somebody, sending the link again, revoking it."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from dashboard.forms import ConfirmationForm
from dashboard.once import Made
from dashboard.views.asking import ASKED_AND_DONE, ask, typed
from dashboard.views.people.acting import back_from, roles_to_give
from dashboard.views.people.forms import InvitationForm
from dashboard.views.viewer import Viewer, for_organization
from tenants.actions.people.invitations import invite, revoke_invitation, send_again
from tenants.models import Invitation
from tenants.queries import people
from tenants.tenancy import tenant_transaction


class Act(NamedTuple):
    """`template` asks; `done` is what is said afterwards, with the address."""

    template: str
    action: Callable[..., Invitation]
    done: str


SENDING = Act("members/sending.html", send_again, "A new link is on its way to {}.")
REVOCATION = Act("members/revocation.html", revoke_invitation, "The invitation of {} is revoked.")


@ASKED_AND_DONE
@for_organization("organization:write")
def new_invitation(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    form = InvitationForm(typed(request), given=roles_to_give(viewer))

    def done(made: Made) -> HttpResponse:
        invited = _found(viewer, made.id)
        return _told(request, viewer, f"An invitation is on its way to {invited.email}.")

    return ask(
        request,
        viewer,
        form,
        template="members/invite.html",
        action=invite,
        done=done,
        back=back_from(viewer),
    )


@ASKED_AND_DONE
@for_organization("organization:write")
def sending(request: HttpRequest, viewer: Viewer, invitation_id: UUID) -> HttpResponse:
    return _decide(SENDING, request, viewer, invitation_id)


@ASKED_AND_DONE
@for_organization("organization:write")
def revocation(request: HttpRequest, viewer: Viewer, invitation_id: UUID) -> HttpResponse:
    return _decide(REVOCATION, request, viewer, invitation_id)


def _decide(act: Act, request: HttpRequest, viewer: Viewer, invitation_id: UUID) -> HttpResponse:
    row = _found(viewer, invitation_id)
    return ask(
        request,
        viewer,
        ConfirmationForm(typed(request)),
        template=act.template,
        action=partial(act.action, invitation_id),
        done=lambda _: _told(request, viewer, act.done.format(row.email)),
        back=back_from(viewer),
        invitation=row,
    )


def _told(request: HttpRequest, viewer: Viewer, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("members", viewer.membership.organization_id)


def _found(viewer: Viewer, invitation_id: UUID) -> Invitation:
    organization_id = viewer.membership.organization_id
    with tenant_transaction(organization_id):
        row = people.invitations(organization_id).filter(pk=invitation_id).first()
    if row is None:
        raise Http404
    return row
