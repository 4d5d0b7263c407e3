"""Inviting somebody, sending the link again, revoking it."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.forms import ConfirmationForm
from dashboard.views.people.acting import attempt, roles_to_give
from dashboard.views.people.forms import InvitationForm
from dashboard.views.viewer import Viewer, for_organization
from tenants.actions.people.invitations import invite, revoke_invitation, send_again
from tenants.models import Invitation
from tenants.queries import people
from tenants.tenancy import tenant_transaction

ASKED_AND_DONE = require_http_methods(["GET", "HEAD", "POST"])


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
    form = InvitationForm(request.POST if request.method == "POST" else None, given=roles_to_give(viewer))
    invited, status = attempt(form, invite, viewer)
    if invited is None:
        return render(request, "members/invite.html", {"form": form}, status=status)
    messages.success(request, f"An invitation is on its way to {invited.email}.")
    return redirect("members", viewer.membership.organization_id)


@ASKED_AND_DONE
@for_organization("organization:write")
def sending(request: HttpRequest, viewer: Viewer, invitation_id: UUID) -> HttpResponse:
    return _decide(SENDING, request, viewer, invitation_id)


@ASKED_AND_DONE
@for_organization("organization:write")
def revocation(request: HttpRequest, viewer: Viewer, invitation_id: UUID) -> HttpResponse:
    return _decide(REVOCATION, request, viewer, invitation_id)


def _decide(act: Act, request: HttpRequest, viewer: Viewer, invitation_id: UUID) -> HttpResponse:
    organization_id = viewer.membership.organization_id
    form = ConfirmationForm(request.POST if request.method == "POST" else None)
    changed, status = attempt(form, partial(act.action, invitation_id), viewer)
    if changed is not None:
        messages.success(request, act.done.format(changed.email))
        return redirect("members", organization_id)
    with tenant_transaction(organization_id):
        row = people.invitations(organization_id).filter(pk=invitation_id).first()
    if row is None:
        raise Http404
    return render(request, act.template, {"invitation": row, "form": form}, status=status)
