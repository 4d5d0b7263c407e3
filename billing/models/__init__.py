"""Tables of billing, all of them tenant tables: what is known of Stripe, and how far it was read."""

from billing.models.checkout import StripeCheckout
from billing.models.connection import StripeConnection, StripeWebhookSecret
from billing.models.customer import StripeCustomer
from billing.models.event import StripeEvent
from billing.models.subscription import StripeSubscription

__all__ = [
    "StripeCheckout",
    "StripeConnection",
    "StripeCustomer",
    "StripeEvent",
    "StripeSubscription",
    "StripeWebhookSecret",
]
