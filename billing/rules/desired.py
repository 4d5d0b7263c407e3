"""What a subscription says of its license: a pure function, from Stripe's times alone and without a clock."""

from datetime import datetime
from typing import NamedTuple

from billing.rules.policy import PATIENT, Policy, reason_to_suspend
from billing.rules.sale import Sale
from billing.rules.subscription import Subscription
from licensing.rules.billing import Billing, Period
from verify.license_status import BillingState


class Meaning(NamedTuple):
    state: BillingState
    reason: str | None


STATUSES = {
    "incomplete": Meaning(BillingState.PENDING, "incomplete"),
    "incomplete_expired": Meaning(BillingState.ENDED, "incomplete"),
    "trialing": Meaning(BillingState.ACTIVE, None),
    "active": Meaning(BillingState.ACTIVE, None),
    "past_due": Meaning(BillingState.GRACE, "nonpayment"),
    "unpaid": Meaning(BillingState.SUSPENDED, "nonpayment"),
    "paused": Meaning(BillingState.SUSPENDED, "paused"),
    "canceled": Meaning(BillingState.ENDED, "canceled"),
}
PAUSED = Meaning(BillingState.SUSPENDED, "paused")


OVER = ("canceled", "incomplete_expired")  # for good: such a one never comes back


def is_over(subscription: Subscription) -> bool:
    return subscription.status in OVER


def goes_on(subscription: Subscription) -> bool:
    """Whether its license would work, were all its money there."""
    meaning = STATUSES.get(subscription.status)
    return meaning is not None and meaning.state in (BillingState.ACTIVE, BillingState.GRACE)


def desired(subscription: Subscription, sale: Sale | None, *, policy: Policy = PATIENT) -> Billing:
    """`sale` None: no plan has its prices, so plan and seats stay as they are. `policy` is the connection's. Raises
    KeyError for a status that Stripe did not have.
    """
    meaning = _meaning(subscription, policy)
    grace = meaning.state is BillingState.GRACE
    return Billing(
        state=meaning.state,
        reason=meaning.reason,
        starts_at=subscription.started_at,
        plan=sale.plan if sale else None,
        quantity=sale.seats if sale else 1,
        trial_ends_at=subscription.trial_ends_at if subscription.status == "trialing" else None,
        expires_at=_expires_at(subscription),
        unpaid_since=_unpaid_since(subscription) if grace else None,
        paid_until=_paid_until(subscription, meaning.state),
        ended_at=subscription.ended_at if meaning.state is BillingState.ENDED else None,
        period=_period(subscription),
    )


def _meaning(subscription: Subscription, policy: Policy) -> Meaning:
    meaning = STATUSES[subscription.status]
    if not goes_on(subscription):
        return meaning
    if subscription.voids:
        return PAUSED
    reason = reason_to_suspend(subscription.money, policy)
    return meaning if reason is None else Meaning(BillingState.SUSPENDED, reason)


def _expires_at(subscription: Subscription) -> datetime | None:
    """Where it ended sooner than it was to be canceled, that is not its end any more."""
    planned, ended = subscription.cancel_at, subscription.ended_at
    return None if planned is not None and ended is not None and ended < planned else planned


def _unpaid_since(subscription: Subscription) -> datetime:
    """Without an open invoice in sight, since the period that is not paid began."""
    starts = max((item.starts_at for item in subscription.items), default=subscription.started_at)
    return subscription.unpaid_since or starts


def _paid_until(subscription: Subscription, state: BillingState) -> datetime | None:
    """The end of the present period, or its start where it is not paid; of several prices the last."""
    if state in (BillingState.PENDING, BillingState.ENDED):
        return None
    if subscription.status in ("past_due", "unpaid"):
        return max((item.starts_at for item in subscription.items), default=None)
    return max((item.ends_at for item in subscription.items), default=None)


def _period(subscription: Subscription) -> Period | None:
    """That of its first price."""
    for item in subscription.items:
        return Period(subscription.anchor, item.unit, item.length)
    return None
