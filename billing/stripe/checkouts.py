"""Checkout sessions: how many of a price are bought, where it has a quantity at all."""

from typing import Any

from billing.stripe.account import StripeAccount
from billing.stripe.trouble import Rejected


def make_session(account: StripeAccount, asked: dict[str, Any], *, price: str, quantity: int | None) -> Any:
    """`quantity` None: one, or none of a metered price, for which Stripe declines the line otherwise. That it is
    metered is not read beforehand, as the key need not be allowed to. Raises StripeTrouble.
    """

    def made(**how_many: int) -> Any:
        lines: Any = {"line_items": [{"price": price, **how_many}]}
        return account.ask(lambda v1: v1.checkout.sessions.create(asked | lines)).to_dict()

    if quantity is not None:
        return made(quantity=quantity)
    try:
        return made(quantity=1)
    except Rejected as declined:
        if not (declined.param or "").startswith("line_items[0]"):
            raise
        try:
            return made()
        except Rejected:  # then it was not the quantity
            raise declined from None
