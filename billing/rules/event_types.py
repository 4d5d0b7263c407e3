"""The events of Stripe that give a reason to look at a customer; all others are ignored."""

ABOUT_CUSTOMERS = (
    *(f"customer.subscription.{what}" for what in ("created", "updated", "deleted", "paused", "resumed")),
    *(f"customer.subscription.{what}" for what in ("pending_update_applied", "pending_update_expired")),
    "customer.subscription.trial_will_end",
    *(f"invoice.{what}" for what in ("paid", "payment_failed", "payment_action_required", "finalized", "voided")),
    *(f"invoice.{what}" for what in ("finalization_failed", "marked_uncollectible", "overdue")),
    *(f"checkout.session.{what}" for what in ("completed", "async_payment_succeeded", "async_payment_failed")),
    *("customer.updated", "customer.deleted"),
)
_KNOWN = frozenset(ABOUT_CUSTOMERS)


def is_known(event_type: str) -> bool:
    return event_type in _KNOWN
