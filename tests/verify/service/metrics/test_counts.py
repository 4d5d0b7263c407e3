"""Counting, and what quantiles are told from it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.service.metrics.counts import SECONDS, quantile

BOUNDS = (1.0, 2.0, 4.0)


def counted(values: list[float], bounds: tuple[float, ...]) -> list[int]:
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[next((index for index, bound in enumerate(bounds) if value <= bound), len(bounds))] += 1
    return counts


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile([0, 0, 0, 0], BOUNDS, 0.5) is None


def test_inside_a_bucket_it_is_guessed_by_its_share() -> None:
    assert quantile([0, 10, 0, 0], BOUNDS, 0.5) == 1.5
    assert quantile([10, 0, 0, 0], BOUNDS, 1.0) == 1.0
    assert quantile([5, 5, 0, 0], BOUNDS, 0.75) == 1.5


def test_above_all_bounds_it_is_the_highest() -> None:
    assert quantile([1, 0, 0, 99], BOUNDS, 0.5) == 4.0


@given(st.lists(st.floats(1e-5, 2.5), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    rank = share * len(values)
    true = next(value for number, value in enumerate(sorted(values), 1) if number >= rank)
    found = quantile(counted(values, SECONDS), SECONDS, share)
    upper = next(bound for bound in SECONDS if bound >= true)
    lower = max([bound for bound in SECONDS if bound < upper], default=0.0)
    assert found is not None
    assert lower <= found <= upper + 1e-12


def test_buckets_are_fine_enough_to_tell_one_latency_from_another_half_as_long_again() -> None:
    """Up to a second; longer than that is an outage."""
    within = [bound for bound in SECONDS if bound <= 1.0]
    for lower, upper in itertools.pairwise(within):
        assert upper / lower == pytest.approx(1.5, abs=0.21)
