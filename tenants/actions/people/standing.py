"""Holding an organization's people still while they are changed, and what the one who asks is among them."""

from uuid import UUID

from tenants.models import Member, Organization
from tenants.rules.membership import Standing, standing_of
from tenants.rules.permissions import Actor
from verify.ground.ids import decode


def hold_people(organization_id: UUID) -> None:
    """Until the transaction ends nobody else changes members or invitations here: what was counted stays so.

    Taken before any of their rows, always, so that no two wait for each other.
    """
    Organization._base_manager.select_for_update(no_key=True).get(pk=organization_id)


def present_standing(by: Actor, organization_id: UUID) -> Standing:
    """To be asked while the people are held: a member may have another role than when the request began, or none."""
    found = decode(Member.PREFIX, by.id or "") if by.kind == "member" else None
    rows = Member.objects.of_organization(organization_id).filter(pk=found)
    return standing_of(by, rows.values_list("role", flat=True).first())
