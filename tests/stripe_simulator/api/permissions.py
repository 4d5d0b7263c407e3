"""What a restricted key may do."""

from __future__ import annotations

from collections.abc import Mapping

from tests.stripe_simulator.refusals import StripeRefusal

RESOURCES = {  # the path without its ids: the resource in the name of the permission
    "account": "account",
    "billing/meter_event_adjustments": "billing_meter_event_adjustment",
    "billing/meter_events": "billing_meter_event",
    "billing/meters": "billing_meter",
    "billing_portal/sessions": "customer_portal",
    "charges": "charge",
    "checkout/sessions": "checkout_session",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "invoice_payments": "invoice",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "prices": "plan",
    "products": "product",
    "refunds": "refund",
    "subscription_items": "subscription",
    "subscriptions": "subscription",
    "test_helpers/test_clocks": "test_clock",
    "webhook_endpoints": "webhook",
}
LEVELS = ("none", "read", "write")
EVERYTHING = dict.fromkeys(RESOURCES.values(), "write")


def resource_of(template: str) -> str:
    """The longest name that the path begins with."""
    path = template.removeprefix("/v1/")
    names = [name for name in RESOURCES if path == name or path.startswith(f"{name}/")]
    return RESOURCES[max(names, key=len)]


def require(permissions: Mapping[str, str], method: str, template: str, *, key: str, account_id: str) -> None:
    """403 in Stripe's words, which name the permission that would have been enough."""
    needed = "read" if method == "get" else "write"
    resource = resource_of(template)
    if LEVELS.index(permissions.get(resource, "none")) >= LEVELS.index(needed):
        return
    hidden = f"{key[:8]}{'*' * 12}{key[-6:]}"
    raise StripeRefusal(
        403,
        f"The provided key '{hidden}' does not have the required permissions for this endpoint on account "
        f"'{account_id}'. Having the 'rak_{resource}_{needed}' permission would allow this request to continue.",
    )
