"""Stripe's objects as our own values; what this API version calls things is known here alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from billing.rules.subscription import Item, Subscription

Shape = Mapping[str, Any]

DISPUTES_OVER = ("won", "warning_closed", "prevented")  # as if there had been none; all others are open or lost


class CustomerSeen(NamedTuple):
    """What we want to know of a customer that is new to us."""

    id: str
    name: str | None
    email: str | None
    deleted: bool
    metadata: Mapping[str, str]


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def id_of(reference: Any) -> str | None:
    """Of what is an id, or the whole object where it was expanded."""
    found = reference.get("id") if isinstance(reference, Mapping) else reference
    return None if found is None else str(found)


def customer_seen(told: Shape) -> CustomerSeen:
    deleted = bool(told.get("deleted"))
    return CustomerSeen(told["id"], told.get("name"), told.get("email"), deleted, told.get("metadata") or {})


def subscription_seen(told: Shape, *, unpaid_since: datetime | None) -> Subscription:
    items = tuple(_item(one) for one in told["items"]["data"])
    paused = told.get("pause_collection") or {}
    return Subscription(
        id=told["id"],
        customer=id_of(told["customer"]) or "",
        status=told["status"],
        started_at=moment(told.get("start_date") or told["created"]),
        anchor=moment(told["billing_cycle_anchor"]),
        items=items,
        trial_ends_at=moment_or_none(told.get("trial_end")),
        cancel_at=_cancel_at(told, items),
        ended_at=moment_or_none(told.get("ended_at")),
        unpaid_since=unpaid_since,
        voids=paused.get("behavior") == "void",
        metadata=told.get("metadata") or {},
    )


def _cancel_at(told: Shape, items: tuple[Item, ...]) -> datetime | None:
    if told.get("cancel_at") is not None:
        return moment(told["cancel_at"])
    ends = told.get("cancel_at_period_end") and items
    return max(item.ends_at for item in items) if ends else None


def _item(told: Shape) -> Item:
    price = told["price"]
    recurring = price.get("recurring") or {}
    return Item(
        price=price["id"],
        quantity=told.get("quantity") or 0,
        starts_at=moment(told["current_period_start"]),
        ends_at=moment(told["current_period_end"]),
        unit=recurring.get("interval") or "month",
        length=recurring.get("interval_count") or 1,
    )


def unpaid_since(invoices: list[Shape]) -> datetime | None:
    """When the oldest of these open invoices was finalized, or was due where it was sent to be paid."""
    moments = [_asked_at(one) for one in invoices]
    return min((one for one in moments if one is not None), default=None)


def _asked_at(invoice: Shape) -> datetime | None:
    if invoice.get("collection_method") == "send_invoice":
        return moment_or_none(invoice.get("due_date"))
    return moment_or_none((invoice.get("status_transitions") or {}).get("finalized_at"))


def payments_made(invoice: Shape) -> list[Shape]:
    """With how Stripe was paid, each; of those that it lists with the invoice."""
    return [one["payment"] for one in (invoice.get("payments") or {"data": ()})["data"] if one["status"] == "paid"]
