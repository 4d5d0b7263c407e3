"""The types of events there are; docs/events.md says when each happens and what it tells."""

EVENT_TYPES = (
    *("license.created", "license.updated", "license.renewed", "license.suspended", "license.reinstated"),
    *("license.revoked", "license.trial_ending", "license.expiring", "license.expired", "license.entered_grace"),
    *("license.ended", "license.over_limit", "stripe.drift_healed"),
    *("key.created", "key.rotated", "key.suspended", "key.reinstated", "key.revoked", "key.expiring"),
    "plan.published",
)
