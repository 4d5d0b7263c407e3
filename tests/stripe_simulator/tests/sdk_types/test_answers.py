"""Answers are held against stripe-python's types."""

import copy
from typing import Any

import pytest

from tests.stripe_simulator.sdk_types import completed, is_expandable, misfits, object_shape, operation

SHAPE = object_shape("billing.meter")
METER: dict[str, Any] = completed(
    SHAPE,
    {
        "id": "mtr_1",
        "object": "billing.meter",
        "created": 1,
        "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
        "default_aggregation": {"formula": "sum"},
        "display_name": "Calls",
        "event_name": "calls",
        "livemode": False,
        "status": "active",
        "status_transitions": {},
        "updated": 1,
        "value_settings": {"event_payload_key": "value"},
    },
)


def test_what_is_not_set_is_shown_as_null() -> None:
    assert METER["event_time_window"] is None
    assert METER["status_transitions"] == {"deactivated_at": None}
    assert "deleted" not in METER
    assert list(misfits(SHAPE, METER)) == []


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        ("status", "asleep", "'asleep' is none of"),
        ("created", "1", "whole is wanted"),
        ("created", True, "whole is wanted"),
        ("livemode", None, "flag is wanted"),
        ("invented", 1, "has no such field"),
        ("default_aggregation", {"formula": "max"}, "'max' is none of"),
        ("value_settings", {}, "always has this field"),
    ],
)
def test_an_answer_that_stripe_could_not_give_is_found(at: str, value: Any, said: str) -> None:
    found = list(misfits(SHAPE, METER | {at: value}))
    assert len(found) == 1
    assert found[0].startswith(f".{at}")
    assert said in found[0]


def test_a_field_that_is_always_there_is_missed() -> None:
    short = copy.copy(METER)
    del short["event_name"]
    assert [said.partition(":")[0] for said in misfits(SHAPE, short)] == [".event_name"]


def test_of_a_deleted_object_nothing_else_is_shown() -> None:
    customer = object_shape("customer")
    assert list(misfits(customer, {"id": "cus_1", "object": "customer", "deleted": True})) == []
    assert list(misfits(customer, {"id": "cus_1", "object": "customer", "deleted": True, "name": "Ada"})) != []


@pytest.mark.parametrize(
    ("path", "can_be"),
    [
        ("data.latest_invoice", True),
        ("data.items.data.price.product", True),
        ("data.items", True),
        ("data.customer.subscriptions", True),
        ("data.status", False),
        ("data.plan", False),
        ("latest_invoice", False),
    ],
)
def test_types_say_what_can_be_expanded(path: str, can_be: bool) -> None:  # noqa: FBT001 - a parameter of the test
    found = operation("get", "/v1/subscriptions")
    assert found is not None
    assert is_expandable(found.answer, path.split(".")) is can_be
