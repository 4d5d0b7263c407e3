"""What billing says of a license in plain values, and what a change of its status is called."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from verify.license_status import BillingState, Status


class Period(NamedTuple):
    """`length` units (day, week, month, year) each, from the anchor on."""

    anchor: datetime
    unit: str
    length: int


class Billing(NamedTuple):
    """`plan` None: not known what is sold, so plan and seats stay. `expires_at` only where the subscription ends;
    `unpaid_since`, from where on grace is counted, with the state `grace` alone.
    """

    state: BillingState
    reason: str | None
    starts_at: datetime
    plan: UUID | None = None
    quantity: int = 1
    trial_ends_at: datetime | None = None
    expires_at: datetime | None = None
    unpaid_since: datetime | None = None
    paid_until: datetime | None = None
    ended_at: datetime | None = None
    period: Period | None = None


def told_as(before: str | None, after: Status, *, renewed: bool) -> str:
    """The event's type, and the audit entry's. `before` is the status that was told last, `renewed` whether the time
    that is paid for became longer.
    """
    if before != after:
        if after in _ENTERED:
            return _ENTERED[after]
        if before in (Status.SUSPENDED, Status.GRACE):
            return "license.reinstated"
    return "license.renewed" if renewed else "license.updated"


_ENTERED = {
    Status.GRACE: "license.entered_grace",
    Status.SUSPENDED: "license.suspended",
    Status.ENDED: "license.ended",
}
