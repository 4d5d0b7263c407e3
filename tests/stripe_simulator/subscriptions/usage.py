"""Metered usage, as meter events add it up."""

from __future__ import annotations

from decimal import Decimal

from tests.stripe_simulator.account import Account, Object


def used(account: Account, meter: Object, customer_id: str, start: int, end: int) -> Decimal:
    """In the half-open window, by the meter's own formula."""
    values = [
        Decimal(event["value"])
        for event in account.private[meter["id"]]["events"]
        if event["customer"] == customer_id and start <= event["timestamp"] < end and not event["canceled"]
    ]
    match meter["default_aggregation"]["formula"]:
        case "count":
            return Decimal(len(values))
        case "last":
            return values[-1] if values else Decimal(0)
        case _:
            return sum(values, Decimal(0))
