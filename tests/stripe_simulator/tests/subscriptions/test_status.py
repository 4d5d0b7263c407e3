"""The table of moves."""

import pytest

from tests.stripe_simulator.sdk_types import object_shape
from tests.stripe_simulator.sdk_types.shapes import Known
from tests.stripe_simulator.subscriptions import status
from tests.stripe_simulator.subscriptions.status import ENDED, MOVES, moved


def test_there_are_the_eight_statuses_of_stripe() -> None:
    known = object_shape("subscription").members["status"].shape
    assert isinstance(known, Known)
    assert set(known.values) == set(MOVES)


def test_nothing_comes_back_from_an_end() -> None:
    assert [one for one, ways in MOVES.items() if not ways] == sorted(ENDED)
    with pytest.raises(AssertionError, match="never goes from canceled to active"):
        moved("canceled", "active")


@pytest.mark.parametrize("before", MOVES)
def test_whatever_happens_is_a_way_of_the_table(before: str) -> None:
    outcomes = [
        status.when_paid(before, is_latest=True),
        status.when_paid(before, is_latest=False),
        status.when_unpaid(before),
        *(status.when_given_up(before, finally_) for finally_ in ("cancel", "unpaid", "past_due")),
    ]
    for outcome in outcomes:
        moved(before, outcome)
    if before not in ENDED:
        moved(before, status.when_canceled(before))
