"""What a quantity of a price costs, in minor units; and a part of it, for a part of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

ONE = Decimal(1)


def rounded(amount: Decimal) -> int:
    return int(amount.quantize(ONE, ROUND_HALF_UP))


def cost(price: Mapping[str, Any], tiers: Sequence[Mapping[str, Any]], quantity: int) -> Decimal:
    if (package := price["transform_quantity"]) is not None:
        whole, rest = divmod(quantity, package["divide_by"])
        quantity = whole + (1 if rest and package["round"] == "up" else 0)
    if price["billing_scheme"] == "tiered":
        return _volume(tiers, quantity) if price["tiers_mode"] == "volume" else _graduated(tiers, quantity)
    return Decimal(price["unit_amount_decimal"]) * quantity


def _in_tier(tier: Mapping[str, Any], quantity: int) -> Decimal:
    return Decimal(tier["unit_amount_decimal"] or 0) * quantity + Decimal(tier["flat_amount_decimal"] or 0)


def _volume(tiers: Sequence[Mapping[str, Any]], quantity: int) -> Decimal:
    """All of it at the price of the tier that it ends in."""
    return next(_in_tier(tier, quantity) for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])


def _graduated(tiers: Sequence[Mapping[str, Any]], quantity: int) -> Decimal:
    """Each part at the price of its own tier. Nothing used is nothing but the first tier's flat amount."""
    total, below = Decimal(0), 0
    for number, tier in enumerate(tiers):
        inside = (quantity if tier["up_to"] is None else min(quantity, tier["up_to"])) - below
        if inside <= 0 and number:
            break
        total += _in_tier(tier, inside)
        below += inside
    return total


def share(amount: Decimal, now: int, start: int, end: int) -> int:
    """What is left of a period's amount at `now`, to the second."""
    return rounded(amount * (end - max(now, start)) / (end - start))
