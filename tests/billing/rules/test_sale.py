"""Which plan prices sell, and how many seats."""

from datetime import UTC, datetime
from uuid import UUID

from billing.rules.sale import SEVERAL, UNMAPPED, Sale, sold
from billing.rules.subscription import Item

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SMALL, LARGE = UUID(int=1), UUID(int=2)
OFFERS = {"small": [SMALL], "small_yearly": [SMALL], "large": [LARGE], "both": [SMALL, LARGE]}


def items(**prices: int) -> list[Item]:
    return [Item(price, quantity, NOW, NOW, "month", 1) for price, quantity in prices.items()]


def test_the_plan_is_found_by_price_and_seats_are_added_up() -> None:
    assert sold(items(small=2, small_yearly=3), OFFERS, present=None) == (Sale(SMALL, 5), None)


def test_prices_beside_the_plans_are_left_aside() -> None:
    assert sold(items(setup=9, large=2), OFFERS, present=SMALL) == (Sale(LARGE, 2), None)


def test_a_price_that_no_plan_has_is_seen_and_sells_nothing() -> None:
    assert sold(items(setup=1), OFFERS, present=SMALL) == (None, UNMAPPED)
    assert sold([], OFFERS, present=None) == (None, UNMAPPED)


def test_of_several_plans_the_present_one_is_kept() -> None:
    assert sold(items(small=1, large=2), OFFERS, present=None) == (Sale(SMALL, 1), SEVERAL)
    assert sold(items(small=1, large=2), OFFERS, present=LARGE) == (Sale(LARGE, 2), SEVERAL)
    assert sold(items(both=4), OFFERS, present=LARGE) == (Sale(LARGE, 4), None)


def test_a_price_that_the_license_has_by_its_own_version_keeps_its_plan() -> None:
    assert sold(items(large=1), OFFERS, present=SMALL, own={"large"}) == (Sale(SMALL, 1), None)
    assert sold(items(large=1), OFFERS, present=SMALL, own={"small"}) == (Sale(LARGE, 1), None)


def test_a_metered_price_without_a_quantity_is_one_seat() -> None:
    assert sold(items(small=0), OFFERS, present=None) == (Sale(SMALL, 1), None)
