"""Tokens of invitations: made, sealed until they are sent, and known by their digest afterwards."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings

from tenants.models import Invitation
from verify import sealing
from verify.ground.ids import encode

LASTS = timedelta(days=7)
TOKEN_BYTES = 32
FIELDS = ("token_digest", "sealed_token", "sent_at", "expires_at")


def digest_of(token: str) -> bytes:
    """A plain SHA-256, where keys have a pepper: among 256 random bits there is nothing to guess at, so a stolen dump
    helps no more than without it, and what lasts a week needs no versions.
    """
    return hashlib.sha256(token.encode()).digest()


def give_token(row: Invitation, *, now: datetime) -> None:
    """Sets `FIELDS`; whatever token it had is dead."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row.token_digest, row.sent_at, row.expires_at = digest_of(token), None, now + LASTS
    row.sealed_token = sealing.seal(settings.LICET_DATA_KEKS, _place(row), token.encode())


def open_token(row: Invitation) -> str:
    """Raises BrokenSeal."""
    return sealing.unseal(settings.LICET_DATA_KEKS, _place(row), bytes(row.sealed_token or b"")).decode()


def _place(row: Invitation) -> sealing.Place:
    return sealing.Place(encode("org", row.organization_id), "invitations", str(row.id), "sealed_token")
