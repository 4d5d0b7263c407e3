"""The events of Stripe that give a reason to look at a customer; all others are ignored."""

from billing.rules.policy import SUSPEND, Policy

OF_REFUNDS = ("charge.refunded", *(f"refund.{what}" for what in ("created", "updated", "failed")))
OF_DISPUTES = tuple(
    f"charge.dispute.{what}" for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
ABOUT_CUSTOMERS = (
    *(f"customer.subscription.{what}" for what in ("created", "updated", "deleted", "paused", "resumed")),
    *(f"customer.subscription.{what}" for what in ("pending_update_applied", "pending_update_expired")),
    "customer.subscription.trial_will_end",
    *(f"invoice.{what}" for what in ("paid", "payment_failed", "payment_action_required", "finalized", "voided")),
    *(f"invoice.{what}" for what in ("finalization_failed", "marked_uncollectible", "overdue")),
    *(f"checkout.session.{what}" for what in ("completed", "async_payment_succeeded", "async_payment_failed")),
    *("customer.updated", "customer.deleted"),
    *OF_REFUNDS,
    *OF_DISPUTES,
)
_KNOWN = frozenset(ABOUT_CUSTOMERS)


def is_known(event_type: str) -> bool:
    return event_type in _KNOWN


def is_reason(event_type: str, policy: Policy) -> bool:
    """Of refunds and disputes only where they do something; when that changes, everybody is looked at anyway."""
    if event_type in OF_REFUNDS:
        return policy.on_refund == SUSPEND
    return event_type not in OF_DISPUTES or policy.on_dispute == SUSPEND
