"""What is said of the last minute."""

import pytest

from verify.service import metrics
from verify.service.metrics.minute import Counted, LastMinute, between

NOTHING = tuple([0] * len(metrics.SECONDS.counts))


def latencies(**buckets: int) -> tuple[int, ...]:
    found = list(NOTHING)
    for name, times in buckets.items():
        found[int(name.removeprefix("b"))] = times
    return tuple(found)


def test_rates_are_per_second_and_quantiles_in_milliseconds() -> None:
    before = Counted(100.0, 1000, 10, 5, NOTHING)
    minute = between(before, Counted(110.0, 1500, 20, 55, latencies(b7=100)))
    assert (minute.calls, minute.refused, minute.warm) == (50.0, 1.0, 0.9)
    assert minute.p50 == pytest.approx(1.25)
    assert minute.p99 == pytest.approx(1.495)


def test_where_nothing_was_asked_nothing_is_claimed() -> None:
    quiet = Counted(100.0, 1000, 10, 5, NOTHING)
    minute = between(quiet, quiet._replace(moment=160.0))
    assert (minute.calls, minute.p50, minute.p99, minute.warm) == (0.0, None, None, None)


def test_what_is_more_than_a_minute_ago_counts_no_more() -> None:
    last = LastMinute(0.0)
    for _ in range(120):
        metrics.VERDICTS.inc("VALID")
    assert last.look(1.0).calls == 120.0
    assert last.look(60.0).calls == 2.0
    assert last.look(61.0).calls == 0.0
    assert last.look(500.0).calls == 0.0
