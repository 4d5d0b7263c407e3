"""Keys as pages show them: masked, with the status they have at this moment."""

from datetime import datetime
from typing import NamedTuple

from licensing.models import Key
from tenants.models import Environment


class ShownKey(NamedTuple):
    row: Key
    masked: str
    status: str

    @property
    def is_revoked(self) -> bool:
        return self.row.revoked_at is not None

    @property
    def is_suspended(self) -> bool:
        return self.row.suspended_at is not None

    @property
    def reason(self) -> str:
        """What was typed by whoever suspended or revoked it."""
        return self.row.revocation_reason if self.is_revoked else self.row.suspension_reason


def shown_key(row: Key, environment: Environment, now: datetime) -> ShownKey:
    return ShownKey(row, _masked(row, environment), row.status(now))


def _masked(row: Key, environment: Environment) -> str:
    """What is known of an imported key, which need not look like ours; its id if that is nothing."""
    if not row.imported:
        return f"{row.prefix}_{environment.kind}_…{row.last4}"
    return f"{row.prefix or ''}…{row.last4 or ''}" if row.prefix or row.last4 else row.public_id
