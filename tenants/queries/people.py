"""Members and invitations as lists and pages show them."""

from uuid import UUID

from django.db.models import QuerySet

from tenants.models import Invitation, Member


def members(organization_id: UUID) -> QuerySet[Member]:
    """With their addresses."""
    rows: QuerySet[Member] = Member.objects.of_organization(organization_id).select_related("user")
    return rows


def invitations(organization_id: UUID) -> QuerySet[Invitation]:
    rows: QuerySet[Invitation] = Invitation.objects.of_organization(organization_id)
    return rows


def unanswered_invitations(organization_id: UUID) -> QuerySet[Invitation]:
    """Neither accepted nor revoked, newest first: pending ones and expired ones."""
    return invitations(organization_id).filter(accepted_at=None, revoked_at=None).order_by("-id")
