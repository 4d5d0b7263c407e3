"""Accepting an invitation: who presents its token becomes a member, and is registered if they are new here."""

from datetime import datetime

from django.db import IntegrityError

from tenants.actions import audit
from tenants.actions.people.accounts import unregistered
from tenants.actions.people.invitations import close
from tenants.actions.people.standing import hold_people
from tenants.actions.people.tokens import digest_of
from tenants.models import Invitation, Member, User
from tenants.publishing.outbox import insert_and_tell
from tenants.queries.lookup import PresentedInvitation, presented_invitation
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, not_found
from tenants.tenancy import tenant_transaction


def accept_invitation(token: str, *, user: User, now: datetime) -> Member:
    """Raises Refusal: 404 for a token that no invitation has, 409 for one that is closed, 403 for another's."""
    presented = _presented(token)
    with tenant_transaction(presented.organization_id):
        row = _open(presented, token, now)
        if row.email != user.email:
            raise Refusal("invitation_of_another", "forbidden", f"This invitation is for {row.email}.")
        return _accept(row, user, now)


def accept_as_newcomer(token: str, *, password: str, now: datetime) -> Member:
    """Registers the person too: both, or neither. Refuses as above, and whoever has an account already (409)."""
    presented = _presented(token)
    user = unregistered(presented.email, password)
    try:
        with tenant_transaction(presented.organization_id):
            row = _open(presented, token, now)
            user.save(force_insert=True)
            return _accept(row, user, now)
    except IntegrityError as error:
        if "users_email" not in str(error):
            raise
        detail = "There is an account with this address by now; sign in to accept."
        raise Refusal("account_exists", "conflict", detail) from error


def _presented(token: str) -> PresentedInvitation:
    found = presented_invitation(digest_of(token))
    if found is None:
        raise not_found()
    return found


def _open(presented: PresentedInvitation, token: str, now: datetime) -> Invitation:
    """The row, held, and as the token found it: neither closed nor sent again meanwhile."""
    hold_people(presented.organization_id)
    rows = Invitation.objects.of_organization(presented.organization_id).select_for_update()
    row: Invitation | None = rows.filter(pk=presented.id, token_digest=digest_of(token)).first()
    if row is None or row.status(now) != "pending":
        detail = "This invitation was accepted, revoked or sent again, or its time is over."
        raise Refusal("invitation_closed", "conflict", detail)
    return row


def _accept(row: Invitation, user: User, now: datetime) -> Member:
    member = Member(organization_id=row.organization_id, user=user, role=row.role, created_at=now)
    insert_and_tell(member, now=now)
    close(row, now, accepted_at=now)
    by = Actor("member", member.public_id, frozenset())
    changes = {"member": member.public_id, "email": row.email, "role": row.role}
    audit.record("invitation.accepted", row, by=by, now=now, changes=changes)
    return member
