"""Test clocks."""

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY
from tests.stripe_simulator.tests.shop import Shop

START = 1_800_000_000


def test_a_clock_moves_its_own_customers(shop: Shop) -> None:
    clock = shop.v1.test_helpers.test_clocks.create({"frozen_time": START, "name": "year"})
    made = shop.subscribe(shop.customer(test_clock=clock.id), trial_period_days=7)
    other = shop.subscribe(trial_period_days=7)
    assert (made.created, made.test_clock) == (START, clock.id)
    later = START + 8 * DAY
    assert shop.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": later}).status == "advancing"
    assert shop.status(made) == "trialing"
    assert shop.v1.test_helpers.test_clocks.retrieve(clock.id).status == "advancing"
    assert shop.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert (shop.status(made), shop.status(other)) == ("active", "trialing")
    assert [each.id for each in shop.v1.test_helpers.test_clocks.list({}).data] == [clock.id]


def test_what_is_of_a_clock_is_listed_only_if_asked_for(shop: Shop) -> None:
    clock = shop.v1.test_helpers.test_clocks.create({"frozen_time": START})
    made = shop.subscribe(shop.customer(test_clock=clock.id))
    assert shop.v1.customers.list({}).data == shop.v1.subscriptions.list({}).data == []
    assert [each.id for each in shop.v1.customers.list({"test_clock": clock.id}).data] == [made.customer]
    assert [each.id for each in shop.v1.subscriptions.list({"customer": made.customer}).data] == [made.id]


def test_a_clock_has_bounds(shop: Shop) -> None:
    clock = shop.v1.test_helpers.test_clocks.create({"frozen_time": START})
    made = shop.subscribe(shop.customer(test_clock=clock.id))
    for moment in (START, START + 63 * DAY):
        with pytest.raises(sdk.InvalidRequestError):
            shop.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": moment})
    for _ in range(2):
        shop.customer(test_clock=clock.id)
    with pytest.raises(sdk.InvalidRequestError, match="at most 3 customers"):
        shop.customer(test_clock=clock.id)
    assert shop.v1.test_helpers.test_clocks.delete(clock.id).deleted
    with pytest.raises(sdk.InvalidRequestError):
        shop.v1.subscriptions.retrieve(made.id)
