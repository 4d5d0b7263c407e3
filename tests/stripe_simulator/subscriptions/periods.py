"""Billing periods, counted from an anchor, with month ends clamped as Stripe does."""

import calendar
from datetime import UTC, datetime, timedelta

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}
_MOST = 100_000


def boundary(anchor: int, interval: str, count: int, number: int) -> int:
    """The start of the period with that number; 0 is the anchor. Jan 31 + 1 month is Feb 28, + 2 months Mar 31."""
    moment = datetime.fromtimestamp(anchor, UTC)
    if interval in DAYS:
        return int((moment + timedelta(days=DAYS[interval] * count * number)).timestamp())
    year, month = divmod(moment.year * 12 + moment.month - 1 + MONTHS[interval] * count * number, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """The first one later than `after`."""
    longest = (DAYS.get(interval) or MONTHS[interval] * 31) * count * 86_400
    first = max(0, (after - anchor) // longest)
    return next(
        moment
        for number in range(first, first + _MOST)
        if (moment := boundary(anchor, interval, count, number)) > after
    )
