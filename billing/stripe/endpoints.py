"""Our webhook endpoint at Stripe: made with our API version, found again by its address, removed."""

from typing import Any, NamedTuple

from billing.rules.event_types import ABOUT_CUSTOMERS
from billing.stripe.account import API_VERSION, StripeAccount
from billing.stripe.reading import pages
from billing.stripe.trouble import NotThere


class Endpoint(NamedTuple):
    id: str
    secret: str


def make_endpoint(account: StripeAccount, url: str) -> Endpoint:
    """A new one, as the secret is told at creation alone; older ones for this address go when it is there.

    Not made under an idempotency key: an answer that was lost leaves one that the next attempt removes.
    """
    older = [one["id"] for one in _of_address(account, url)]
    asked: dict[str, Any] = {
        "url": url,
        "enabled_events": list(ABOUT_CUSTOMERS),
        "api_version": API_VERSION,
        "description": "Licet: keeps licenses in step with subscriptions",
        "metadata": {"made_by": "licet"},
    }
    made = account.ask(lambda v1: v1.webhook_endpoints.create(asked)).to_dict()
    for name in older:
        remove_endpoint(account, name)
    return Endpoint(made["id"], made["secret"])


def remove_endpoint(account: StripeAccount, name: str) -> None:
    """Raises StripeTrouble; one that is not there any more is as good as removed."""
    try:
        account.ask(lambda v1: v1.webhook_endpoints.delete(name))
    except NotThere:
        return


def endpoint_is_there(account: StripeAccount, name: str) -> bool:
    """Raises StripeTrouble."""
    return _found(account, name) is not None


def keep_endpoint(account: StripeAccount, name: str) -> str | None:
    """`enabled`, `disabled`, or None if there is none. One that was made by an older version is told of the events
    that have become a reason since. Raises StripeTrouble.
    """
    found = _found(account, name)
    if found is None:
        return None
    if not set(ABOUT_CUSTOMERS) <= set(found.enabled_events):
        asked: Any = {"enabled_events": list(ABOUT_CUSTOMERS)}
        account.ask(lambda v1: v1.webhook_endpoints.update(name, asked))
    return str(found.status)


def _found(account: StripeAccount, name: str) -> Any:
    try:
        return account.ask(lambda v1: v1.webhook_endpoints.retrieve(name))
    except NotThere:
        return None


def _of_address(account: StripeAccount, url: str) -> list[Any]:
    listed = pages(account, lambda v1, params: v1.webhook_endpoints.list(params), {"limit": 100})
    return [one for one in listed if one["url"] == url]
