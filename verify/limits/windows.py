"""The windows that quotas count in, in UTC: when the one of a moment begins and ends."""

import calendar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from verify.facts import BillingPeriod

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LAST_MONTH = 9999 * 12 + 12
LATEST_MS = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)


class Window(NamedTuple):
    """Half-open, in milliseconds; a lifetime begins at 0 and has no end, as what would end after the year 9999."""

    start: int
    end: int | None


def window(period: str, now: int, billing: BillingPeriod) -> Window:
    """The window of `period` that holds `now`. Its name in a counter is its start, so it must not depend on anything
    that changes while it lasts: a billing period is counted from its anchor, never taken from a received end.
    """
    if period == "hour":
        return _whole(now, HOUR_MS)
    if period == "day":
        return _whole(now, DAY_MS)
    if period == "lifetime":
        return Window(0, None)
    return _month(now // DAY_MS) if period == "month" else _billing(now, billing)


def _whole(now: int, length: int) -> Window:
    start = now - now % length
    return Window(start, start + length)


@lru_cache(maxsize=64)
def _month(day: int) -> Window:
    """Of a day since 1970."""
    first = _moment(day * DAY_MS).replace(day=1)
    return Window(_milliseconds(first), _milliseconds(_months_later(first, 1)))


def _billing(now: int, billing: BillingPeriod) -> Window:
    """Before its anchor the first window is already open: usage of a trial belongs to it."""
    if billing.unit in DAYS:
        length = DAYS[billing.unit] * billing.count * DAY_MS
        start = billing.anchor + max(0, now - billing.anchor) // length * length
        return Window(start, _end(start + length))
    anchor, months = _moment(billing.anchor), MONTHS[billing.unit] * billing.count
    moment = max(_moment(now), anchor)
    passed = ((moment.year - anchor.year) * 12 + moment.month - anchor.month) // months
    if _months_later(anchor, passed * months) > moment:
        passed -= 1
    begins, following = _months_later(anchor, passed * months), (passed + 1) * months
    is_told = anchor.year * 12 + anchor.month + following <= LAST_MONTH
    return Window(_milliseconds(begins), _milliseconds(_months_later(anchor, following)) if is_told else None)


def _end(milliseconds: int) -> int | None:
    return milliseconds if milliseconds <= LATEST_MS else None


def _months_later(moment: datetime, months: int) -> datetime:
    """On the same day of the month, or its last where there is no such day, as Stripe does."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
