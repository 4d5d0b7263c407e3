"""What quantities cost."""

from decimal import Decimal
from typing import Any

import pytest

from tests.stripe_simulator.subscriptions.pricing import cost, rounded, share

TIERS: list[dict[str, Any]] = [
    {"up_to": 10, "unit_amount_decimal": "5", "flat_amount_decimal": "100"},
    {"up_to": None, "unit_amount_decimal": "2", "flat_amount_decimal": None},
]


def price(**given: Any) -> dict[str, Any]:
    plain = {"transform_quantity": None, "billing_scheme": "per_unit", "tiers_mode": None, "unit_amount_decimal": "7"}
    return plain | given


@pytest.mark.parametrize(
    ("terms", "quantity", "expected"),
    [
        ({}, 3, 21),
        ({"unit_amount_decimal": "0.25"}, 3, Decimal("0.75")),
        ({"transform_quantity": {"divide_by": 10, "round": "up"}}, 11, 14),
        ({"transform_quantity": {"divide_by": 10, "round": "down"}}, 19, 7),
        ({"billing_scheme": "tiered", "tiers_mode": "graduated"}, 0, 100),
        ({"billing_scheme": "tiered", "tiers_mode": "graduated"}, 10, 150),
        ({"billing_scheme": "tiered", "tiers_mode": "graduated"}, 15, 160),
        ({"billing_scheme": "tiered", "tiers_mode": "volume"}, 10, 150),
        ({"billing_scheme": "tiered", "tiers_mode": "volume"}, 15, 30),
    ],
)
def test_each_model_has_its_sum(terms: dict[str, Any], quantity: int, expected: Decimal) -> None:
    assert cost(price(**terms), TIERS, quantity) == expected


def test_a_part_of_a_period_costs_its_part() -> None:
    assert share(Decimal(1000), 75, 0, 100) == 250
    assert share(Decimal(1000), 0, 0, 100) == 1000
    assert rounded(Decimal("0.5")) == 1
