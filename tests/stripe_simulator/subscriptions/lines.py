"""The lines of an invoice: a period in advance, usage in arrears, prorations."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.subscriptions.pricing import cost, rounded, share
from tests.stripe_simulator.subscriptions.usage import used


@dataclass(frozen=True)
class Line:
    """What will stand on an invoice."""

    item: Object
    amount: int
    description: str
    start: int
    end: int
    quantity: int | None
    is_proration: bool = False


def is_metered(price: Object) -> bool:
    return bool(price["recurring"]["usage_type"] == "metered")


def full_cost(account: Account, item: Object) -> Decimal:
    """Of a whole period of a licensed item."""
    price = item["price"]
    return cost(price, account.private[price["id"]]["tiers"], item["quantity"])


def in_advance(account: Account, subscription: Object, *, is_trial: bool = False) -> list[Line]:
    """The items' current period. Metered ones cost nothing yet."""
    lines = []
    for item in subscription["items"]["data"]:
        if not is_metered(item["price"]):
            start, end = item["current_period_start"], item["current_period_end"]
            amount = 0 if is_trial else rounded(full_cost(account, item))
            words = "Trial period for" if is_trial else f"{item['quantity']} x"
            lines.append(Line(item, amount, f"{words} {item['price']['product']}", start, end, item["quantity"]))
    return lines


def in_arrears(account: Account, subscription: Object, start: int, end: int) -> list[Line]:
    """What metered items used."""
    lines = []
    for item in subscription["items"]["data"]:
        if is_metered(item["price"]):
            meter = account.find("billing.meter", item["price"]["recurring"]["meter"])
            quantity = int(used(account, meter, subscription["customer"], start, end))
            price = item["price"]
            amount = rounded(cost(price, account.private[price["id"]]["tiers"], quantity))
            lines.append(Line(item, amount, f"{quantity} x {price['product']}", start, end, quantity))
    return lines


def credit(account: Account, item: Object, now: int) -> Line:
    """For the unused rest of a licensed item's period."""
    start, end = item["current_period_start"], item["current_period_end"]
    amount = -share(full_cost(account, item), now, start, end)
    words = f"Unused time on {item['quantity']} x {item['price']['product']}"
    return Line(dict(item), amount, words, now, end, item["quantity"], is_proration=True)


def debit(account: Account, item: Object, now: int) -> Line:
    start, end = item["current_period_start"], item["current_period_end"]
    amount = share(full_cost(account, item), now, start, end)
    words = f"Remaining time on {item['quantity']} x {item['price']['product']}"
    return Line(dict(item), amount, words, now, end, item["quantity"], is_proration=True)
