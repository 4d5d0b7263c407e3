"""Partitions by time: made ahead, and dropped when their rows are old enough. The ledger is for good.

Rows of a time that has no partition lie in the one for all others: nothing is lost, only slower to forget.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import connections

from tenants.clock import milliseconds

DAYS_AHEAD = 7
MONTHS_AHEAD = 2
KEEP_DAYS = {"decisions": 30, "usage_seen": 40}


def make_ahead(today: date) -> None:
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT usage_partitions()")
        there = {name for (name,) in cursor.fetchall()}
        for parent, name, lower, upper in _wanted(today):
            if name not in there:
                cursor.execute("SELECT usage_add_partition(%s, %s, %s, %s)", [parent, name, lower, upper])


def drop_old(today: date) -> list[str]:
    """Gives the names of those that went."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT usage_partitions()")
        old = [name for (name,) in cursor.fetchall() if _is_old(name, today)]
        for name in old:
            cursor.execute("SELECT usage_drop_partition(%s)", [name])
        first = {parent: today - timedelta(days=days) for parent, days in KEEP_DAYS.items()}
        cursor.execute("SELECT usage_forget_others(%s, %s)", [first["decisions"], _first_id(first["usage_seen"])])
    return old


def _wanted(today: date) -> Iterator[tuple[str, str, str, str]]:
    """Table, partition, lower bound, upper bound."""
    for ahead in range(DAYS_AHEAD + 1):
        day = today + timedelta(days=ahead)
        after = day + timedelta(days=1)
        yield "decisions", f"decisions_{day:%Y%m%d}", _start(day).isoformat(), _start(after).isoformat()
        yield "usage_seen", f"usage_seen_{day:%Y%m%d}", str(_first_id(day)), str(_first_id(after))
    for ahead in range(MONTHS_AHEAD + 1):
        month, after = _month(today, ahead), _month(today, ahead + 1)
        yield "ledger", f"ledger_{month:%Y%m}", _start(month).isoformat(), _start(after).isoformat()


def _is_old(name: str, today: date) -> bool:
    parent, _, day = name.rpartition("_")
    if parent not in KEEP_DAYS or not day.isdigit():
        return False
    return date.fromisoformat(day) < today - timedelta(days=KEEP_DAYS[parent])


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _first_id(day: date) -> UUID:
    """Not above any UUIDv7 of that day, which begins with its milliseconds."""
    return UUID(int=(milliseconds(_start(day)) or 0) << 80)


def _month(day: date, ahead: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + ahead, 12)
    return date(year, month + 1, 1)
