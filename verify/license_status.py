"""A license's status, computed from what was decided by hand, from billing and from the clock; never stored."""

from enum import StrEnum
from typing import NamedTuple, Protocol

OVER_LIMIT = "over_limit"  # the reason of a license that is suspended as it has too few seats


class Status(StrEnum):
    """In order of precedence, strongest first. `ended` and `grace` are of licenses that a subscription drives."""

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


class BillingState(StrEnum):
    """What billing says of a license that a subscription drives; the clock says the rest."""

    PENDING = "pending"
    ACTIVE = "active"
    GRACE = "grace"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Billed(Protocol):
    """`reason` says why it is not simply active; grace ends at `grace_ends_at`, in milliseconds."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def grace_ends_at(self) -> int | None: ...


class OverLimit(Protocol):
    """More seats are taken than there are; None if that may be for ever."""

    @property
    def ends_at(self) -> int | None: ...


class Lifetime(Protocol):
    """What a status is computed from; times are milliseconds since 1970 UTC. `billed` is None for a license that is
    managed by hand alone, `over_limit` for one that has seats enough.
    """

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
    @property
    def billed(self) -> Billed | None: ...
    @property
    def over_limit(self) -> OverLimit | None: ...


class Standing(NamedTuple):
    status: Status
    reason: str | None


def standing(license: Lifetime, now: int) -> Standing:
    """`now` in milliseconds. An end is exclusive: at `expires_at` itself the license has expired.

    What suspends is asked in this order: a hand, billing, too few seats.
    """
    if license.revoked:
        return Standing(Status.REVOKED, "manual")
    billed = None if license.billed is None else by_billing(license, license.billed, now)
    if billed is not None and billed.status is Status.ENDED:
        return billed
    if license.suspended:
        return Standing(Status.SUSPENDED, "manual")
    if billed is not None and billed.status is Status.SUSPENDED:
        return billed
    over = license.over_limit
    if over is not None and over.ends_at is not None and now >= over.ends_at:
        return Standing(Status.SUSPENDED, OVER_LIMIT)
    return billed or _by_clock(license, now)


def _by_clock(license: Lifetime, now: int) -> Standing:
    if now < license.starts_at:
        return Standing(Status.PENDING, "not_started")
    if license.expires_at is not None and now >= license.expires_at:
        return Standing(Status.EXPIRED, "expired")
    if license.trial_ends_at is not None:
        over = now >= license.trial_ends_at
        return Standing(Status.EXPIRED, "trial_ended") if over else Standing(Status.TRIALING, None)
    return Standing(Status.ACTIVE, None)


def by_billing(license: Lifetime, billed: Billed, now: int) -> Standing:
    """As if nothing had been decided by hand. A subscription that ends has ended and not expired; after its trial it
    goes on as a paid one.
    """
    state = billed.state
    if license.expires_at is not None and now >= license.expires_at:
        state = BillingState.ENDED
    if state == BillingState.GRACE and billed.grace_ends_at is not None and now >= billed.grace_ends_at:
        state = BillingState.SUSPENDED
    if now < license.starts_at and state not in (BillingState.ENDED, BillingState.SUSPENDED):
        return Standing(Status.PENDING, "not_started")
    if state == BillingState.ACTIVE:
        trialing = license.trial_ends_at is not None and now < license.trial_ends_at
        return Standing(Status.TRIALING if trialing else Status.ACTIVE, None)
    return Standing(Status(state), billed.reason or ("canceled" if state == BillingState.ENDED else None))
