"""Changing the role of members, and removing them. Members are made by accepting an invitation."""

from datetime import datetime
from uuid import UUID

from tenants.actions import audit
from tenants.actions.people.standing import hold_people, present_standing
from tenants.actions.writing import applied
from tenants.models import Member
from tenants.publishing.outbox import delete_for_good, update_and_tell
from tenants.rules.membership import OWNER, check_changes, check_removes
from tenants.rules.permissions import Actor
from tenants.rules.refusal import not_found
from tenants.tenancy import Place, tenant_transaction


def change_role(member_id: UUID, *, within: Place, by: Actor, now: datetime, role: str) -> Member:
    """Raises Refusal: 409 for the last owner, 403 for what is not theirs to give or to take."""
    with tenant_transaction(within.organization_id):
        row, owners = _held(member_id, within)
        if row.role != role:
            check_changes(row.role, role, owners=owners, standing=present_standing(by, within.organization_id))
            changes = applied(row, {"role": role})
            update_and_tell(row, "role", now=now)
            audit.record("member.role_changed", row, by=by, now=now, changes=changes)
    return row


def remove_member(member_id: UUID, *, within: Place, by: Actor, now: datetime) -> Member:
    """Their next request finds no membership. What they issued stays: it belongs to the organization.

    Members may remove themselves whatever their role. Raises Refusal as `change_role` does.
    """
    with tenant_transaction(within.organization_id):
        row, owners = _held(member_id, within)
        own = by.kind == "member" and by.id == row.public_id
        check_removes(row.role, owners=owners, standing=present_standing(by, within.organization_id), own=own)
        delete_for_good(row)
        changes = {"email": row.user.email, "role": row.role}
        audit.record("member.left" if own else "member.removed", row, by=by, now=now, changes=changes)
    return row


def _held(member_id: UUID, within: Place) -> tuple[Member, int]:
    """The row, and how many owners there are, both as they stay until the transaction ends."""
    hold_people(within.organization_id)
    rows = Member.objects.of_organization(within.organization_id)
    found = rows.select_related("user").select_for_update(of=("self",)).filter(pk=member_id)
    row: Member | None = found.first()
    if row is None:
        raise not_found()
    return row, rows.filter(role=OWNER).count()
