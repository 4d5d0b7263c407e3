"""Sending the mails of invitations: handed to a worker on commit, and again by a sweep for as long as one is unsent."""

import logging
from datetime import datetime
from smtplib import SMTPRecipientsRefused
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction
from django.urls import reverse
from prometheus_client import Gauge

from tenants.actions.jobs import hand_to_worker
from tenants.actions.people.mail import QUEUE, send
from tenants.actions.people.tokens import LASTS, open_token
from tenants.models import Invitation, Member, Organization
from tenants.tenancy import tenant_transaction
from verify.ground.ids import decode
from verify.sealing import BrokenSeal

TASK = "tenants.tasks.send_invitation"
PERMANENT = 500  # a mail server's code from here on is its last word (RFC 5321 §4.2.1)
BATCH = 100

log = logging.getLogger("licet.mail")


def count_unsent() -> float:
    """Not a number while the database does not say."""
    try:
        return float(Invitation.objects.across_tenants().filter(sealed_token__isnull=False).count())
    except OperationalError:
        return float("nan")


UNSENT = Gauge("licet_invitations_unsent", "Invitations whose mail waits to be sent.")
UNSENT.set_function(count_unsent)


def hand_out_on_commit(row: Invitation) -> None:
    transaction.on_commit(lambda: hand_out(row), robust=True)  # a partial has no name to be logged by


def hand_out(row: Invitation) -> None:
    """Asks the broker, briefly. Open: the invitation stands, and the sweep hands its mail out when that is back.
    Metric: `licet_invitations_unsent`.
    """
    hand_to_worker(TASK, [str(row.organization_id), str(row.id)], QUEUE)


def hand_out_again(*, before: datetime, now: datetime) -> int:
    """Whose token was made before then and is not sent; returns how many. Expired ones give their tokens up unsent."""
    unsent = Invitation.objects.across_tenants().filter(sealed_token__isnull=False)
    unsent.filter(expires_at__lte=now).update(sealed_token=None)
    waiting = list(unsent.filter(expires_at__lt=before + LASTS).order_by("expires_at")[:BATCH])
    for row in waiting:
        hand_out(row)
    return len(waiting)


def send_invitation(organization_id: UUID, invitation_id: UUID, *, now: datetime) -> None:
    """What is sent or closed is left alone. No lock is held meanwhile: two at once send the same link twice.

    A mail that cannot be sent raises, and the sweep comes again; one that the server refuses for good is given up, as
    the list then says: neither sent nor waiting.
    """
    with tenant_transaction(organization_id):
        rows = Invitation.objects.of_organization(organization_id)
        row: Invitation | None = rows.filter(pk=invitation_id, sealed_token__isnull=False).first()
        if row is None or row.status(now) != "pending":
            return
        told = _told(row)
    sent_at = now if _is_taken(row, told) else None
    with tenant_transaction(organization_id):
        rows.filter(pk=row.pk, token_digest=row.token_digest).update(sealed_token=None, sent_at=sent_at)


def _is_taken(row: Invitation, told: dict[str, Any]) -> bool:
    try:
        link = settings.LICET_PUBLIC_URL + reverse("invitation", args=[open_token(row)])
        send("account/mail/invitation.txt", row.email, told | {"link": link})
    except SMTPRecipientsRefused as refused:
        if any(code < PERMANENT for code, _ in refused.recipients.values()):
            raise
        log.warning("The mail of %s is refused for good", row.public_id)
        return False
    except BrokenSeal:
        log.exception("The token of %s cannot be read: its key is not in LICET_DATA_KEKS", row.public_id)
        return False
    return True


def _told(row: Invitation) -> dict[str, Any]:
    """What the mail says besides its link; `inviter` is None for a secret key."""
    members = Member.objects.of_organization(row.organization_id)
    inviter = members.filter(pk=decode(Member.PREFIX, row.invited_by or "")).values_list("user__email", flat=True)
    name = Organization._base_manager.filter(pk=row.organization_id).values_list("name", flat=True)
    return {"invitation": row, "organization": name.get(), "inviter": inviter.first()}
