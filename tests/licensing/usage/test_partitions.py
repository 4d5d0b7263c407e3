"""Partitions are there before their time, go when their rows are old enough, and no row is lost without one."""

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections

from licensing.usage import partitions
from tenants import clock
from tests.licensing.usage.feeding import Feed, expected, found
from verify.limits.counted import Code


def there() -> set[str]:
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT usage_partitions()")
        return {name for (name,) in cursor.fetchall()}


@contextmanager
def as_owner() -> Iterator[Any]:
    with connections["owner"].cursor() as cursor:
        yield cursor


def rows_in(partition: str, feed: Feed) -> int:
    with as_owner() as cursor:
        cursor.execute(f"SELECT count(*) FROM partitions.{partition} WHERE organization_id = %s", [feed.organization])
        (count,) = cursor.fetchone()
    return int(count)


def test_they_are_made_for_today_and_ahead_once() -> None:
    today = clock.now().date()
    for _ in range(2):
        partitions.make_ahead(today)
    names = there()
    for ahead in range(8):
        day = today + timedelta(days=ahead)
        assert {f"decisions_{day:%Y%m%d}", f"usage_seen_{day:%Y%m%d}"} <= names
    assert len([name for name in names if name.startswith("ledger_2")]) >= 3


def test_rows_go_where_their_time_says(feed: Feed) -> None:
    today = f"{clock.now():%Y%m%d}"
    feed.tell([(feed.call(), Code.ADMITTED)])
    feed.drain().tick()
    assert (rows_in(f"decisions_{today}", feed), rows_in(f"usage_seen_{today}", feed)) == (1, 1)
    assert rows_in(f"ledger_{today[:6]}", feed) == 1


def test_rows_of_a_time_without_partition_are_kept_among_others_and_forgotten_in_time(feed: Feed) -> None:
    long_ago = feed.base_ms - 35 * 86_400_000
    feed.tell([(feed.call(decided_at=long_ago, id=_id(long_ago)), Code.ADMITTED)])
    feed.tell_many(20, random.Random(1))
    feed.drain().tick()
    assert found(feed) == expected(feed)
    assert rows_in("usage_seen_other", feed) == 1
    before = rows_in("decisions_other", feed)
    today = clock.now().date()
    partitions.make_ahead(today - timedelta(days=35))  # they lie there already, and stay
    partitions.drop_old(today)
    assert (rows_in("usage_seen_other", feed), rows_in("decisions_other", feed)) == (1, before - 1)
    assert found(feed).ledger == expected(feed).ledger


def _id(milliseconds: int) -> bytes:
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | 1).bytes


def test_they_are_dropped_by_retention_and_the_ledger_never() -> None:
    past = date(2020, 1, 1)
    partitions.make_ahead(past)
    assert {"decisions_20200101", "usage_seen_20200101", "ledger_202001"} <= there()
    partitions.drop_old(past + timedelta(days=30))
    assert "decisions_20200101" in there()
    assert "decisions_20200101" in partitions.drop_old(past + timedelta(days=31))
    assert "usage_seen_20200101" in there()
    partitions.drop_old(past + timedelta(days=41))
    assert "usage_seen_20200101" not in there()
    assert "ledger_202001" in there()


@pytest.mark.parametrize("name", ["ledger_202001", "decisions_other", "licenses", "decisions_20200101; DROP"])
def test_the_drain_can_drop_nothing_else(name: str) -> None:
    with pytest.raises(DatabaseError, match="stays"), connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT usage_drop_partition(%s)", [name])


def test_a_day_begins_with_the_least_id_of_its_first_millisecond() -> None:
    day = date(2026, 3, 1)
    start = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)
    assert partitions._first_id(day).bytes <= _id(start)
    assert partitions._first_id(day).bytes > _id(start - 1)
