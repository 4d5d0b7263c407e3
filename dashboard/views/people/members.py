"""Who is a member: the list, giving another role, removing somebody, leaving."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.forms import ConfirmationForm
from dashboard.once import Made
from dashboard.views.asking import ASKED_AND_DONE, ask, typed
from dashboard.views.lists import page_of
from dashboard.views.people.acting import back_from, roles_to_give
from dashboard.views.people.forms import RoleForm
from dashboard.views.viewer import Viewer, for_organization
from tenants import clock
from tenants.actions.people.members import change_role, remove_member
from tenants.models import Member
from tenants.queries import people
from tenants.tenancy import tenant_transaction

MOST_INVITATIONS = 50  # shown at once; the API lists all


@require_safe
@for_organization("organization:read")
def member_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    now, organization_id = clock.now(), viewer.membership.organization_id
    with tenant_transaction(organization_id):
        page = page_of(request, people.members(organization_id), salt=f"members:{organization_id}")
        invitations = list(people.unanswered_invitations(organization_id)[: MOST_INVITATIONS + 1])
    context = {
        "members": page.rows,
        "page": page,
        "invitations": [(row, row.status(now)) for row in invitations[:MOST_INVITATIONS]],
        "has_more_invitations": len(invitations) > MOST_INVITATIONS,
        "most": MOST_INVITATIONS,
    }
    return render(request, "members/list.html", context)


@ASKED_AND_DONE
@for_organization("organization:write")
def role(request: HttpRequest, viewer: Viewer, member_id: UUID) -> HttpResponse:
    member = _found(viewer, member_id)
    form = RoleForm(typed(request), given=roles_to_give(viewer), initial={"role": member.role})

    def done(_: Made) -> HttpResponse:
        messages.success(request, f"{member.user.email} has the role {form.cleaned_data['role']} now.")
        return redirect("members", viewer.membership.organization_id)

    return ask(
        request,
        viewer,
        form,
        template="members/role.html",
        action=partial(change_role, member_id),
        done=done,
        seen=member,
        back=back_from(viewer),
        member=member,
    )


@ASKED_AND_DONE
@for_organization(None)
def removal(request: HttpRequest, viewer: Viewer, member_id: UUID) -> HttpResponse:
    """Everybody may leave; removing others is for who may change the organization."""
    is_own = member_id == viewer.membership.member_id
    if not is_own and not viewer.actor.may("organization:write"):
        raise PermissionDenied
    member = _found(viewer, member_id)

    def done(_: Made) -> HttpResponse:
        if is_own:
            messages.success(request, f"You have left {viewer.membership.organization_name}.")
            return redirect("home")
        messages.success(request, f"{member.user.email} is no longer a member.")
        return redirect("members", viewer.membership.organization_id)

    return ask(
        request,
        viewer,
        ConfirmationForm(typed(request)),
        template="members/removal.html",
        action=partial(remove_member, member_id),
        done=done,
        back=back_from(viewer),
        member=member,
        is_own=is_own,
    )


def _found(viewer: Viewer, member_id: UUID) -> Member:
    organization_id = viewer.membership.organization_id
    with tenant_transaction(organization_id):
        row = people.members(organization_id).filter(pk=member_id).first()
    if row is None:
        raise Http404
    return row
