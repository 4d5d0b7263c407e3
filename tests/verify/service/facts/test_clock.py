"""The difference of two clocks, by one question and its answer."""

import pytest

from verify.service.facts.clock import Skew, skew


@pytest.mark.parametrize(
    ("ahead", "took", "too_large"),
    [(0.0, 0.001, False), (1.99, 0.001, False), (2.1, 0.001, True), (-2.1, 0.001, True), (2.1, 0.4, False)],
)
def test_a_clock_is_red_when_it_is_surely_more_than_two_seconds_off(ahead: float, took: float, too_large: bool) -> None:  # noqa: FBT001 - a table
    found = skew(told=1000.0, received=1000.0 + ahead + took / 2, took=took)
    assert found.seconds == pytest.approx(ahead)
    assert found.is_too_large is too_large


def test_nothing_is_said_before_the_first_answer() -> None:
    assert not Skew().is_too_large
