"""When a customer is looked at."""

from datetime import UTC, datetime, timedelta

from billing.rules.turn import due_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def due(first: float, last: float, fetched: float | None, not_before: float | None = None) -> datetime | None:
    return due_at(
        waiting_since=seconds(first),
        requested_at=seconds(last),
        fetched_at=None if fetched is None else seconds(fetched),
        not_before=None if not_before is None else seconds(not_before),
    )


def test_the_first_reason_is_served_at_once() -> None:
    assert due(0, 0, None) == due(0, 5, -10) == NOW


def test_what_follows_waits_until_it_is_quiet_but_not_for_ever() -> None:
    assert due(1, 3, 0) == seconds(4)
    assert due(1, 60, 0) == seconds(31)


def test_after_a_failure_it_waits_as_long_as_it_must() -> None:
    assert due(0, 0, None, not_before=60) == seconds(60)


def test_nothing_waits_where_all_was_served() -> None:
    assert due_at(waiting_since=None, requested_at=NOW, fetched_at=NOW, not_before=NOW) is None
