"""Operations are those of the installed stripe-python."""

import pytest

from tests.stripe_simulator.api.routing import HANDLERS
from tests.stripe_simulator.sdk_types import API_VERSION, object_shape, operation, template_of


def test_all_that_is_simulated_exists() -> None:
    assert [route for route in HANDLERS if operation(*route) is None] == []
    assert len(HANDLERS) > 70


def test_a_path_finds_its_template() -> None:
    assert template_of("/v1/customers/cus_1") == "/v1/customers/{}"
    assert template_of("/v1/customers/search") == "/v1/customers/search"
    assert template_of("/v1/charges/ch_1/refund_it") is None


def test_objects_are_found_by_what_they_call_themselves() -> None:
    for name in ("subscription", "checkout.session", "test_helpers.test_clock", "line_item", "billing.meter_event"):
        assert object_shape(name).object_name == name
    with pytest.raises(LookupError):
        object_shape("license")


def test_the_version_is_the_pinned_one() -> None:
    assert API_VERSION.count("-") == 2
