"""What a license has to be, read from the simulator's own objects; it shares no code with the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.billing.business import OVER, Business, subscription_of
from tests.stripe_simulator import DAY

PLAIN = {
    "incomplete": "pending",
    "incomplete_expired": "ended",
    "trialing": "trialing",
    "active": "active",
    "past_due": "grace",
    "unpaid": "suspended",
    "paused": "suspended",
    "canceled": "ended",
}


class Terms(NamedTuple):
    """Times in seconds since 1970 UTC."""

    status: str
    plan: str
    seats: int
    starts_at: int
    trial_ends_at: int | None
    grace_ends_at: int | None
    expires_at: int | None
    ended_at: int | None


def is_void(subscription: Mapping[str, Any]) -> bool:
    """Its collection is paused for nothing."""
    return bool((subscription["pause_collection"] or {}).get("behavior") == "void")


def grace_end(business: Business, subscription: Mapping[str, Any]) -> int:
    """Of the oldest invoice that is not paid."""
    unpaid = [
        invoice["status_transitions"]["finalized_at"]
        for invoice in business.shop.account.all("invoice")
        if invoice["status"] == "open" and subscription_of(invoice) == subscription["id"]
    ]
    item = subscription["items"]["data"][0]
    since = min(unpaid, default=item["current_period_start"])
    return int(since + business.grace_days[item["price"]["id"]] * DAY)


def terms(business: Business, subscription: Mapping[str, Any], now: int) -> Terms:
    item, told = subscription["items"]["data"][0], subscription["status"]
    status, grace_ends_at = PLAIN[told], None
    if is_void(subscription) and told in ("trialing", "active", "past_due"):
        status = "suspended"
    elif told == "past_due":
        grace_ends_at = grace_end(business, subscription)
        status = "grace" if now < grace_ends_at else "suspended"
    planned, ended = subscription["cancel_at"], subscription["ended_at"]
    return Terms(
        status=status,
        plan=business.plans[item["price"]["id"]],
        seats=item["quantity"],
        starts_at=subscription["start_date"],
        trial_ends_at=subscription["trial_end"] if told == "trialing" else None,
        grace_ends_at=grace_ends_at,
        expires_at=None if planned and ended and ended < planned else planned,
        ended_at=ended if told in OVER else None,
    )


def lived_through(business: Business, subscription: str) -> list[str]:
    """All statuses that its license may have had, in order, as Stripe's events tell it afterwards."""
    found: list[str] = []
    for event in business.shop.account.all("event"):
        seen = event["data"]["object"]
        if event["type"].startswith("customer.subscription.") and seen["id"] == subscription:
            told = seen["status"]
            if is_void(seen) and told in ("trialing", "active", "past_due"):
                found.append("suspended")
            else:
                found += {"past_due": ["grace", "suspended"], "trialing": ["trialing", "active"]}.get(
                    told, [PLAIN[told]]
                )
    return found
