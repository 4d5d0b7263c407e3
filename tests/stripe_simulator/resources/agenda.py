"""When an object has something due, and what then happens: the one place that knows every family of resources."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.resources import (
    accounts,
    catalogue,
    checkout,
    clocks,
    customers,
    events,
    invoices,
    metering,
    payments,
    portal,
    subscriptions,
    webhook_endpoints,
)
from tests.stripe_simulator.subscriptions import due, life

FAMILIES = (
    *(accounts, catalogue, checkout, customers, events, invoices, metering, payments, portal),
    *(subscriptions, clocks, webhook_endpoints),
)


def next_moment(account: Account, target: Object) -> int | None:
    match target["object"]:
        case "subscription":
            found = life.next_of(account, target)
        case "invoice":
            found = life.next_of_invoice(account, target)
        case "checkout.session":
            found = due.of_session(target)
        case _:
            found = None
    return found[0] if found else None


def wake(account: Account, object_id: str, now: int) -> None:
    """Something may be due of it."""
    match object_id.partition("_")[0]:
        case "sub":
            life.wake(account, account.find("subscription", object_id))
        case "in":
            life.wake_invoice(account, account.find("invoice", object_id))
        case "cs":
            checkout.expire_if_due(account, account.find("checkout.session", object_id), now)
