"""Inviting by e-mail, revoking an invitation, sending it again."""

from datetime import datetime
from uuid import UUID

from tenants.actions import audit
from tenants.actions.people.sending import hand_out_on_commit
from tenants.actions.people.standing import hold_people, present_standing
from tenants.actions.people.tokens import FIELDS, give_token
from tenants.models import Invitation, Member
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.membership import check_gives, check_may
from tenants.rules.permissions import Actor
from tenants.rules.refusal import Refusal, bad_field, not_found
from tenants.tenancy import Place, tenant_transaction
from verify.ground.problem import FieldError

LONGEST = 254


def invite(*, within: Place, by: Actor, now: datetime, email: str, role: str) -> Invitation:
    """The mail goes out once this has committed. Raises Refusal: 403 for what is not theirs to give, 409."""
    address = email.lower()
    if len(address) > LONGEST:  # some letters become two
        raise bad_field("email", f"At most {LONGEST} characters.", "max_length")
    row = Invitation(organization_id=within.organization_id, email=address, role=role, invited_by=by.id, created_at=now)
    with tenant_transaction(within.organization_id):
        hold_people(within.organization_id)
        check_gives(role, present_standing(by, within.organization_id))
        replaced = _make_room(row, now)
        give_token(row, now=now)
        insert_and_tell(row, now=now)
        changes = {"email": row.email, "role": role} | ({"replaces": replaced} if replaced else {})
        audit.record("invitation.created", row, by=by, now=now, changes=changes)
        hand_out_on_commit(row)
    return row


def revoke_invitation(invitation_id: UUID, *, within: Place, by: Actor, now: datetime) -> Invitation:
    """Revoking what is revoked changes nothing and is not an error; who has accepted is a member by now (409)."""
    with tenant_transaction(within.organization_id):
        row = _held(invitation_id, within)
        check_may(present_standing(by, within.organization_id))
        _check_not_accepted(row)
        if row.revoked_at is None:
            close(row, now, revoked_at=now)
            audit.record("invitation.revoked", row, by=by, now=now)
    return row


def send_again(invitation_id: UUID, *, within: Place, by: Actor, now: datetime) -> Invitation:
    """With a new token and a new week; the link of the earlier mail is dead. Raises Refusal as `invite` does."""
    with tenant_transaction(within.organization_id):
        row = _held(invitation_id, within)
        check_gives(row.role, present_standing(by, within.organization_id))
        _check_not_accepted(row)
        if row.revoked_at is not None:
            raise Refusal("already_revoked", "conflict", "What was revoked stays so; invite them anew.")
        give_token(row, now=now)
        update_and_tell(row, *FIELDS, now=now)
        audit.record("invitation.sent_again", row, by=by, now=now)
        hand_out_on_commit(row)
    return row


def close(row: Invitation, now: datetime, **how: datetime) -> None:
    """`how`: `accepted_at` or `revoked_at`. No mail of it is to be sent any more."""
    row.sealed_token = None
    for field, moment in how.items():
        setattr(row, field, moment)
    update_and_tell(row, "sealed_token", *how, now=now)


def _make_room(new: Invitation, now: datetime) -> str | None:
    """The id of the expired invitation that the new one replaces, if there is one. Raises Refusal (409)."""
    if Member.objects.of_organization(new.organization_id).filter(user__email=new.email).exists():
        raise _taken("already_member", "This address is a member already.")
    rows = Invitation.objects.of_organization(new.organization_id).select_for_update()
    old: Invitation | None = rows.filter(email=new.email, accepted_at=None, revoked_at=None).first()
    if old is None:
        return None
    if old.status(now) == "pending":
        raise _taken("already_invited", "This address is invited already; that invitation can be sent again.")
    close(old, now, revoked_at=now)
    return old.public_id


def _taken(code: str, detail: str) -> Refusal:
    return Refusal(code, "conflict", detail, errors=(FieldError("/email", code, detail),))


def _held(invitation_id: UUID, within: Place) -> Invitation:
    hold_people(within.organization_id)
    rows = Invitation.objects.of_organization(within.organization_id).select_for_update()
    row: Invitation | None = rows.filter(pk=invitation_id).first()
    if row is None:
        raise not_found()
    return row


def _check_not_accepted(row: Invitation) -> None:
    if row.accepted_at is not None:
        detail = "It was accepted, and who was invited is a member now."
        raise Refusal("already_accepted", "conflict", detail)
