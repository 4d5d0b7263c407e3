"""How long Stripe is left alone."""

from billing.rules.waiting import MOST_POSTPONED_SECONDS, MOST_SECONDS, postponed_seconds, wait_seconds


def test_each_wait_is_longer_up_to_a_bound_and_never_less_than_asked_for() -> None:
    waits = [wait_seconds(attempt, None, 1.0) for attempt in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[-1] == MOST_SECONDS
    assert wait_seconds(1, 7.0, 0.0) == 7.0
    assert wait_seconds(3, None, 0.0) == wait_seconds(3, None, 1.0) / 2


def test_a_customer_is_tried_again_at_last() -> None:
    assert [postponed_seconds(failures) for failures in (1, 2, 3, 40)] == [2, 4, 8, MOST_POSTPONED_SECONDS]
