"""A Stripe subscription as far as a license depends on it, in plain values; all times are Stripe's own."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from billing.rules.policy import Money
from verify.answer import rfc3339

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Item(NamedTuple):
    """One price of a subscription; its period is `length` of `unit` (day, week, month, year)."""

    price: str
    quantity: int
    starts_at: datetime
    ends_at: datetime
    unit: str
    length: int


class Subscription(NamedTuple):
    """`unpaid_since`: when its oldest open invoice was finalized, or was due where it is sent; `voids`: its collection
    is paused and what comes due meanwhile is never asked for. `money` is known where the policy asks for it alone.
    """

    id: str
    customer: str
    status: str
    started_at: datetime
    anchor: datetime
    items: tuple[Item, ...]
    trial_ends_at: datetime | None = None
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    unpaid_since: datetime | None = None
    voids: bool = False
    metadata: Mapping[str, str] = {}
    money: Money = Money()


def shown(seen: Subscription) -> dict[str, Any]:
    """As it is kept for whoever looks at it, and compared with what Stripe says later."""
    kept = seen._asdict() | {"items": [item._asdict() for item in seen.items], "metadata": dict(seen.metadata)}
    kept["money"] = seen.money._asdict()
    return {name: _plain(value) for name, value in kept.items()}


def kept_status(seen: Subscription) -> str:
    """As much of it as its column holds; those that are known are shorter."""
    return seen.status[:32]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, datetime):
        return rfc3339((value - _EPOCH) // _MILLISECOND)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
