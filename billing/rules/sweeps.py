"""When what Stripe knows is compared with what we know."""

from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=15)  # events appear in Stripe's list a little later than they say
LISTED = timedelta(days=29)  # Stripe lists them for thirty
COMPARED_EVERY = timedelta(days=1)


def events_since(swept_until: datetime | None, now: datetime) -> datetime:
    """From where on events are asked for."""
    since = (swept_until or now) - OVERLAP
    return max(since, now - LISTED)


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    return last is None or now - last >= every
