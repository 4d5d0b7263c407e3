"""Rate limits against a slow oracle: a bucket of exact fractions, and a count over every window there is."""

import random
from collections.abc import Iterator
from fractions import Fraction

import pytest

from tests.running.prove import Figure
from verify.limits.gcra import Level, Pace, admit, carried, level, pace, read, stored

NOW_US = 1_795_000_000_000_000
LIMITS = [  # limit, seconds, burst
    (1, 1, 1),
    (10, 1, 10),
    (7, 3, 2),
    (1000, 60, 50),
    (999_983, 86_400, 1000),
    (3, 31 * 86_400, 3),
    (10**9, 1, 10**9),
    (100, 7, 1),
]


class Bucket:
    """The slow oracle: tokens as fractions, refilled by time, never more than `burst`."""

    def __init__(self, limit: int, seconds: int, burst: int) -> None:
        self.rate, self.burst = Fraction(limit, seconds * 1_000_000), burst
        self.tokens, self.at = Fraction(burst), 0

    def take(self, now_us: int) -> bool:
        self.tokens = min(Fraction(self.burst), self.tokens + self.rate * (now_us - self.at))
        self.at = now_us
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class EveryWindow:
    """In no window [t1, t2] of admitted calls are there more than burst + rate · (t2 - t1); exact, in one pass."""

    def __init__(self, limit: int, seconds: int, burst: int) -> None:
        self.limit, self.period, self.burst = limit, seconds * 1_000_000, burst
        self.admitted = 0
        self.least: int | None = None

    def note(self, now_us: int) -> None:
        here = self.admitted * self.period - self.limit * now_us
        self.least = here if self.least is None else min(self.least, here)
        self.admitted += 1
        assert here - self.least + self.period <= self.burst * self.period


def arrivals(dice: random.Random, limit: int, seconds: int, calls: int) -> Iterator[int]:
    """Storms, steady callers at the very rate, and pauses."""
    now, step = NOW_US, seconds * 1_000_000 / limit
    while calls > 0:
        kind, length = dice.randrange(4), min(calls, dice.randrange(1, 200))
        for _ in range(length):
            yield now
            now += (0, round(step), dice.randrange(int(step) * 2 + 2), dice.randrange(3))[kind]
        calls -= length
        if dice.random() < 0.1:
            now += dice.randrange(int(seconds * 2_000_000))


@pytest.mark.prove
@pytest.mark.parametrize("many", LIMITS, ids=str)
def test_every_decision_is_that_of_the_slow_oracle(many: tuple[int, int, int], scale: float, figure: Figure) -> None:
    dice, rate = random.Random(str(many)), pace(*many)
    bucket, windows, tat, calls = Bucket(*many), EveryWindow(*many), (0, 0), int(1_000_000 * scale / len(LIMITS))
    for now in arrivals(dice, many[0], many[1], calls):
        told = level(rate, tat, now)
        after = admit(rate, tat, now)
        assert (after is not None) == bucket.take(now)
        assert (told.wait_ms == 0) == (after is not None)
        assert (told.remaining >= 1) == (after is not None)
        if after is not None:
            windows.note(now)
            tat = after
    figure("calls", calls, "")
    figure("admitted", windows.admitted, "")


@pytest.mark.parametrize("many", LIMITS[:5], ids=str)
def test_a_steady_client_is_never_refused(many: tuple[int, int, int]) -> None:
    rate, tat = pace(*many), (0, 0)
    for number in range(2000):
        moment = NOW_US + -(-number * many[1] * 1_000_000 // many[0])
        after = admit(rate, tat, moment)
        assert after is not None, number
        tat = after


def full(rate: Pace, now: int) -> tuple[int, int]:
    tat = (0, 0)
    while (after := admit(rate, tat, now)) is not None:
        tat = after
    return tat


def test_the_wait_is_exactly_until_the_next_call_is_due() -> None:
    rate = pace(7, 3, 2)
    tat = full(rate, NOW_US)
    wait_us = level(rate, tat, NOW_US).wait_ms * 1000
    assert admit(rate, tat, NOW_US + int(wait_us)) is None
    assert admit(rate, tat, NOW_US + int(wait_us) + 1) is not None


def test_it_says_what_remains_and_when_all_is_there_again() -> None:
    rate = pace(10, 60, 5)
    assert level(rate, (0, 0), NOW_US) == Level(5, NOW_US // 1000, 0)
    tat = admit(rate, (0, 0), NOW_US)
    assert tat is not None
    assert level(rate, tat, NOW_US) == Level(4, NOW_US // 1000 + 6000, 0)


def test_better_terms_are_not_made_to_wait_for_worse_ones() -> None:
    daily, quick = pace(10, 86_400, 10), pace(1000, 60, 1000)
    tat = carried(quick, full(daily, NOW_US), NOW_US)
    assert level(quick, tat, NOW_US).wait_ms == 60
    assert admit(quick, tat, NOW_US + 60_000) is not None


def test_what_is_kept_is_read_back_and_that_of_other_terms_is_carried_over() -> None:
    daily, quick = pace(10, 86_400, 10), pace(1000, 60, 1000)
    tat = full(daily, NOW_US)
    assert read(daily, stored(daily, tat), NOW_US) == tat
    assert read(quick, stored(daily, tat), NOW_US) == carried(quick, tat, NOW_US)
    assert read(quick, None, NOW_US) == (NOW_US, 0)


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    rate = pace(10, 60, 5)
    assert admit(rate, full(rate, NOW_US), NOW_US - 1_000_000) is None
