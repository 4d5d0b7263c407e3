"""What became of the money for a subscription: of the newest paid invoice, its charges, and their disputes.

Two calls for a subscription, and one more for each charge that was ever disputed; failures are the caller's.
"""

from typing import Any

from billing.rules.policy import SUSPEND, Money, Policy
from billing.stripe import shapes
from billing.stripe.account import StripeAccount
from billing.stripe.trouble import NotThere

NEWEST_INVOICES = 10  # those of nothing, as for a trial, are passed over
MOST_CHARGES = 100


def money_of(account: StripeAccount, subscription: str, policy: Policy) -> Money:
    """Raises StripeTrouble."""
    asked: dict[str, Any] = {"subscription": subscription, "status": "paid", "limit": NEWEST_INVOICES}
    asked |= {"expand": ["data.payments"]}
    newest = account.ask(lambda v1: v1.invoices.list(asked)).to_dict()["data"]
    invoice = next((one for one in newest if one["amount_paid"] > 0), None)
    if invoice is None:
        return Money()
    paid = [_charge(account, payment) for payment in shapes.payments_made(invoice)]
    charges = [one for one in paid if one is not None]
    refunded = bool(paid) and all(one is not None and one["refunded"] for one in paid)
    disputed = policy.on_dispute == SUSPEND and any(_is_disputed(account, one) for one in charges)
    return Money(refunded=refunded, disputed=disputed)


def _charge(account: StripeAccount, payment: shapes.Shape) -> Any:
    """The one that succeeded; None where Stripe took no money itself."""
    if payment.get("charge") is not None:
        return account.ask(lambda v1: v1.charges.retrieve(shapes.id_of(payment["charge"]))).to_dict()
    intent = shapes.id_of(payment.get("payment_intent"))
    if intent is None:
        return None
    asked: dict[str, Any] = {"payment_intent": intent, "limit": MOST_CHARGES}
    found = account.ask(lambda v1: v1.charges.list(asked)).to_dict()["data"]
    return next((one for one in found if one["status"] == "succeeded"), None)


def _is_disputed(account: StripeAccount, charge: shapes.Shape) -> bool:
    """Stripe goes on to call a charge disputed when that was won."""
    if not charge["disputed"]:
        return False
    asked: dict[str, Any] = {"charge": charge["id"], "limit": MOST_CHARGES}
    told = account.ask(lambda v1: v1.disputes.list(asked)).to_dict()["data"]
    return any(one["status"] not in shapes.DISPUTES_OVER for one in told)


def customer_of_charge(account: StripeAccount, charge: str) -> str | None:
    """None for a charge without a customer, or that is not there. Raises StripeTrouble."""
    try:
        return shapes.id_of(account.ask(lambda v1: v1.charges.retrieve(charge)).to_dict().get("customer"))
    except NotThere:
        return None


def require_readable(account: StripeAccount, policy: Policy) -> None:
    """Whether the key may read what the policy needs. Raises StripeTrouble."""
    if policy.asks:
        account.ask(lambda v1: v1.charges.list({"limit": 1}))
    if policy.on_dispute == SUSPEND:
        account.ask(lambda v1: v1.disputes.list({"limit": 1}))
