"""Levels of rate limits are replayed from the times of calls alone: exact where they can be, never too generous."""

from hypothesis import given
from hypothesis import strategies as some

from licensing.usage.counters.levels import replayed
from verify.limits.gcra import Pace, admit, pace

START = 1_700_000_000_000_000
LIMITS = some.builds(pace, some.integers(1, 1000), some.integers(1, 3600), some.integers(1, 50))
GAPS = some.lists(some.integers(0, 30_000_000), min_size=1, max_size=80)


def admitted(limit: Pace, gaps: list[int]) -> tuple[list[int], tuple[int, int]]:
    """The moments of calls that got through from a full limit on, and the level that they left."""
    tat, now, moments = (0, 0), START, []
    for gap in gaps:
        now += gap
        after = admit(limit, tat, now)
        if after is not None:
            tat = after
            moments.append(now)
    return moments, tat


@given(limit=LIMITS, gaps=GAPS)
def test_it_is_exact_if_the_limit_was_full_when_the_calls_began(limit: Pace, gaps: list[int]) -> None:
    moments, tat = admitted(limit, gaps)
    long_before = START - limit.tolerance[0] - 1
    assert replayed(limit, moments, long_before) == tat


@given(limit=LIMITS, gaps=GAPS, unseen=some.integers(0, 80))
def test_it_is_never_too_generous_whatever_came_before(limit: Pace, gaps: list[int], unseen: int) -> None:
    moments, tat = admitted(limit, gaps)
    seen = moments[unseen:]
    since = seen[0] if seen else moments[-1] if moments else START
    assert replayed(limit, seen, since) >= tat
