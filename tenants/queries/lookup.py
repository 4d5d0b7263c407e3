"""Finding the tenant from what a stranger presents, through the database's few lookup functions.

They run as `licet_lookup`, the only role that may look before a tenant is set, and give away nothing but
what is returned here (tenants/migrations/0002_security.py).
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from verify.digests import Digest


class PresentedSecretKey(NamedTuple):
    """`id` and `environment_id` of a secret key that exists; whether it is in force is for the caller to ask."""

    id: UUID
    organization_id: UUID
    environment_id: UUID
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_in_force(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Membership(NamedTuple):
    member_id: UUID
    organization_id: UUID
    organization_name: str
    role: str


class PresentedInvitation(NamedTuple):
    """An invitation that exists, and where it leads."""

    id: UUID
    organization_id: UUID
    organization_name: str
    email: str
    role: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


def presented_secret_key(digests: list[Digest]) -> PresentedSecretKey | None:
    with connection.cursor() as cursor:
        for digest in digests:
            cursor.execute("SELECT * FROM lookup.secret_key(%s)", [digest.value])
            if row := cursor.fetchone():
                return PresentedSecretKey(*row)
    return None


def presented_invitation(digest: bytes) -> PresentedInvitation | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM lookup.invitation(%s)", [digest])
        row = cursor.fetchone()
    return PresentedInvitation(*row) if row else None


def memberships(user_id: int) -> list[Membership]:
    """Oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM lookup.memberships(%s)", [user_id])
        return [Membership(*row) for row in cursor.fetchall()]
