"""The windows that usage is shown in, in UTC, half-open; they begin and end on the hour."""

from datetime import datetime, timedelta
from decimal import Decimal

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOWS = ("hour", "day", "month")

# How much may be asked for at once, in days; by window, and "" for none.
LONGEST_DAYS = {"hour": 31, "day": 366, "month": 3660, "": 3660}

SUMMED = ("sum", "count")
KNOWN = (*SUMMED, "max")  # what a total of totals can be made of; the others need every single value


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hour_from(moment: datetime) -> datetime:
    """The first beginning of an hour that is not before it. Raises OverflowError at the end of all time."""
    begun = hour_of(moment)
    return begun if begun == moment else begun + HOUR


def whole_days(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The days that lie wholly in between; where there is none, both are `end`."""
    first, last = start.replace(hour=0), end.replace(hour=0)
    if first < start:
        first += DAY
    return (first, last) if first < last else (end, end)


def end_of(window: str, start: datetime) -> datetime:
    """Of the window that begins at `start`."""
    if window == "hour":
        return start + HOUR
    if window == "day":
        return start + DAY
    return (start.replace(day=1) + 31 * DAY).replace(day=1)


def number(value: Decimal | int | None) -> int | float:
    """As JSON has it: whole ones without a point, and nothing as 0."""
    if value is None:
        return 0
    return int(value) if value == int(value) else float(value)
