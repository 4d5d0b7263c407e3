"""A license's status, computed from what was decided by hand and from the clock; never stored."""

from enum import StrEnum
from typing import NamedTuple, Protocol


class Status(StrEnum):
    """In order of precedence, strongest first. `ended` and `grace` come with billing."""

    REVOKED = "revoked"
    ENDED = "ended"
    SUSPENDED = "suspended"
    PENDING = "pending"
    EXPIRED = "expired"
    GRACE = "grace"
    TRIALING = "trialing"
    ACTIVE = "active"

    @property
    def opens(self) -> bool:
        """Whether a key of such a license may be valid at all."""
        return self in (Status.GRACE, Status.TRIALING, Status.ACTIVE)


class Lifetime(Protocol):
    """What a status is computed from; times are milliseconds since 1970 UTC."""

    @property
    def revoked(self) -> bool: ...
    @property
    def suspended(self) -> bool: ...
    @property
    def starts_at(self) -> int: ...
    @property
    def expires_at(self) -> int | None: ...
    @property
    def trial_ends_at(self) -> int | None: ...


class Standing(NamedTuple):
    status: Status
    reason: str | None


def standing(license: Lifetime, now: int) -> Standing:
    """`now` in milliseconds. An end is exclusive: at `expires_at` itself the license has expired."""
    if license.revoked:
        return Standing(Status.REVOKED, "manual")
    if license.suspended:
        return Standing(Status.SUSPENDED, "manual")
    if now < license.starts_at:
        return Standing(Status.PENDING, "not_started")
    if license.expires_at is not None and now >= license.expires_at:
        return Standing(Status.EXPIRED, "expired")
    if license.trial_ends_at is not None:
        over = now >= license.trial_ends_at
        return Standing(Status.EXPIRED, "trial_ended") if over else Standing(Status.TRIALING, None)
    return Standing(Status.ACTIVE, None)
