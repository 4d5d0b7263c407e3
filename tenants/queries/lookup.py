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


def presented_secret_key(digests: list[Digest]) -> PresentedSecretKey | None:
    with connection.cursor() as cursor:
        for digest in digests:
            cursor.execute("SELECT * FROM lookup.secret_key(%s)", [digest.value])
            if row := cursor.fetchone():
                return PresentedSecretKey(*row)
    return None


def memberships(user_id: int) -> list[Membership]:
    """Oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM lookup.memberships(%s)", [user_id])
        return [Membership(*row) for row in cursor.fetchall()]
