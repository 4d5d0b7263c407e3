"""Reading one customer whole: its subscriptions, what is not paid of them, and what was paid back."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any, NamedTuple

from billing.rules.desired import goes_on, is_over
from billing.rules.policy import Policy
from billing.rules.subscription import Subscription
from billing.stripe import shapes
from billing.stripe.account import StripeAccount
from billing.stripe.money import money_of
from billing.stripe.shapes import CustomerSeen
from billing.stripe.trouble import NotThere

PAGE = 100
MOST_PAGES = 10_000


class Fetched(NamedTuple):
    """`customer` only where it is new; `gone`: deleted, or not there (any more). `missing` are ids of known
    subscriptions that Stripe has no more.
    """

    customer: CustomerSeen | None
    subscriptions: tuple[Subscription, ...]
    gone: bool
    missing: tuple[str, ...]


def fetch(
    account: StripeAccount,
    stripe_customer: str,
    *,
    known: Collection[str],
    introduce: bool,
    policy: Policy,
) -> Fetched:
    """`known`: subscriptions to account for; `introduce`: who the customer is, too; `policy`: what of the money has to
    be known. Raises StripeTrouble.
    """
    customer = _customer(account, stripe_customer) if introduce else None
    if introduce and (customer is None or customer.deleted):
        return Fetched(customer, (), gone=True, missing=tuple(known))
    try:
        told = list(_subscriptions(account, stripe_customer))
    except NotThere:
        return Fetched(None, (), gone=True, missing=tuple(known))
    found = {one["id"] for one in told}
    alone = {name: _subscription(account, name) for name in known if name not in found}
    told += [one for one in alone.values() if one is not None]
    missing = tuple(name for name, one in alone.items() if one is None)
    seen = tuple(_seen(account, one, policy) for one in told)
    gone = not introduce and all(map(is_over, seen)) and not _is_there(account, stripe_customer)
    return Fetched(customer, seen, gone=gone, missing=missing)


def _is_there(account: StripeAccount, stripe_customer: str) -> bool:
    """Of one that was deleted, Stripe lists the subscriptions nevertheless."""
    found = _customer(account, stripe_customer)
    return found is not None and not found.deleted


def knows(account: StripeAccount, stripe_customer: str) -> bool:
    """Whether there ever was such a customer, so that this is the account that has it."""
    return _customer(account, stripe_customer) is not None


def _customer(account: StripeAccount, name: str) -> CustomerSeen | None:
    try:
        return shapes.customer_seen(account.ask(lambda v1: v1.customers.retrieve(name)).to_dict())
    except NotThere:
        return None


def _subscription(account: StripeAccount, name: str) -> Any:
    try:
        return account.ask(lambda v1: v1.subscriptions.retrieve(name)).to_dict()
    except NotThere:
        return None


def _subscriptions(account: StripeAccount, stripe_customer: str) -> Iterator[Any]:
    asked: dict[str, Any] = {"customer": stripe_customer, "status": "all", "limit": PAGE}
    yield from pages(account, lambda v1, params: v1.subscriptions.list(params), asked)


def pages(account: StripeAccount, call: Any, asked: dict[str, Any]) -> Iterator[Any]:
    """All objects of a list, page by page, each page a call of its own."""
    for _ in range(MOST_PAGES):
        page = account.ask(partial(call, params=asked)).to_dict()
        yield from page["data"]
        if not page["has_more"]:
            return
        asked = asked | {"starting_after": page["data"][-1]["id"]}


def _seen(account: StripeAccount, told: Any, policy: Policy) -> Subscription:
    unpaid_since = None
    if told["status"] == "past_due":
        asked = {"subscription": told["id"], "status": "open", "limit": PAGE}
        invoices = list(pages(account, lambda v1, params: v1.invoices.list(params), asked))
        unpaid_since = shapes.unpaid_since(invoices)
    seen = shapes.subscription_seen(told, unpaid_since=unpaid_since)
    asks = policy.asks and goes_on(seen) and not seen.voids
    return seen._replace(money=money_of(account, seen.id, policy)) if asks else seen
