"""When seats are too few, until when that may be, and which change is to blame."""

from datetime import UTC, datetime, timedelta

from licensing.rules.seats import Flag, Seats, flag_of, takes_too_many

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def seats(taken: int, policy: str = "key", days: int | None = 14) -> Seats:
    """Of a license that has three."""
    return Seats(policy, days, 3, taken)


def test_seats_are_too_few_when_more_are_taken_and_somebody_counts_them() -> None:
    assert [seats(taken).are_too_few for taken in (0, 3, 4)] == [False, False, True]
    assert not seats(4, "none").are_too_few


def test_the_deadline_is_the_plans_and_the_first_one_stays() -> None:
    assert flag_of(seats(4), None, NOW) == Flag(NOW, NOW + 14 * DAY)
    assert flag_of(seats(4, days=None), None, NOW) == Flag(NOW, None)
    assert flag_of(seats(4, days=0), None, NOW) == Flag(NOW, NOW)
    first = Flag(NOW - DAY, NOW + DAY)
    assert flag_of(seats(9), first, NOW) == first
    assert flag_of(seats(3), first, NOW) is None


def test_a_flag_is_over_at_its_very_end() -> None:
    flag = Flag(NOW - DAY, NOW)
    assert [flag.is_over(moment) for moment in (NOW - timedelta(milliseconds=1), NOW)] == [False, True]
    assert not Flag(NOW - DAY, None).is_over(NOW + 999 * DAY)


def test_only_what_takes_one_more_is_refused() -> None:
    assert takes_too_many(seats(3), seats(4))
    assert takes_too_many(seats(4), seats(5))
    assert not takes_too_many(seats(2), seats(3))
    assert not takes_too_many(seats(5), seats(5))
    assert not takes_too_many(seats(5), seats(4))
    assert not takes_too_many(seats(3, "none"), seats(4, "none"))
