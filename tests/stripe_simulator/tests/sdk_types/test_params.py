"""Requests are read as Stripe would read them."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.stripe_simulator.sdk_types import Unfit, operation, read_params, unflatten


def read(method: str, template: str, form: str) -> dict[str, Any]:
    found = operation(method, template)
    assert found is not None
    return read_params(found.params, unflatten(parse_qsl(form, keep_blank_values=True)))


def test_nested_forms_are_unflattened() -> None:
    pairs = parse_qsl("a[b][0][c]=1&a[b][1][c]=2&a[d]=&e[]=x&e[]=y&f=%5B", keep_blank_values=True)
    assert unflatten(pairs) == {"a": {"b": [{"c": "1"}, {"c": "2"}], "d": ""}, "e": ["x", "y"], "f": "["}


GOOD = [
    ("post", "/v1/subscriptions", "customer=cus_1&items[0][price]=price_1&items[0][quantity]=3&off_session=true"),
    ("post", "/v1/subscriptions", "customer=c&billing_mode[type]=flexible&trial_end=now"),
    ("post", "/v1/subscriptions", "customer=c&trial_settings[end_behavior][missing_payment_method]=pause"),
    ("post", "/v1/subscriptions/{id}", "cancel_at=&metadata[a]=b&metadata[1]=2"),
    ("post", "/v1/subscriptions/{id}", "billing_cycle_anchor[type]=now&metadata="),
    ("get", "/v1/subscriptions", "customer=cus_1&status=all&limit=100&created[gte]=1&expand[0]=data.items"),
    ("get", "/v1/events", "types[0]=invoice.paid&delivery_success=false"),
    ("post", "/v1/billing/meter_events", "event_name=calls&payload[value]=5&identifier=u1&timestamp=1"),
    ("post", "/v1/prices", "currency=usd&tiers[0][up_to]=100&tiers[1][up_to]=inf&tiers[1][unit_amount_decimal]=0.5"),
    ("post", "/v1/webhook_endpoints", "url=https://x.test/h&enabled_events[0]=invoice.paid"),
]


@pytest.mark.parametrize(("method", "template", "form"), GOOD)
def test_what_stripe_takes_is_taken(method: str, template: str, form: str) -> None:
    assert read(method, template, form)


BAD = [
    ("post", "/v1/subscriptions", "customer=c&coupon=c10", "Received unknown parameter: coupon", "parameter_unknown"),
    ("post", "/v1/billing/meter_events", "event_name=e", "Missing required param: payload.", "parameter_missing"),
    (
        "post",
        "/v1/subscriptions",
        "customer=c&items[0][quantity]=many",
        "Invalid integer: many",
        "parameter_invalid_integer",
    ),
    (
        "post",
        "/v1/subscriptions",
        "customer=c&items[0][plam]=p",
        "Received unknown parameter: items[0][plam]",
        "parameter_unknown",
    ),
    ("post", "/v1/subscriptions/{id}", "billing_cycle_anchor=now", "Invalid object", None),
    ("get", "/v1/subscriptions", "status=bogus", "Invalid status: must be one of", None),
    ("get", "/v1/subscriptions", "created[after]=1", "Received unknown parameter: created[after]", "parameter_unknown"),
    ("post", "/v1/subscriptions", "customer=c&off_session=perhaps", "Invalid boolean: perhaps", None),
    (
        "post",
        "/v1/billing/meters",
        "display_name=d&event_name=e&default_aggregation[formula]=max",
        "Invalid default_aggregation[formula]",
        None,
    ),
    (
        "post",
        "/v1/webhook_endpoints",
        "url=https://x.test&enabled_events[0]=license.created",
        "Invalid enabled_events[0]",
        None,
    ),
    ("post", "/v1/prices", "currency=usd&unit_amount_decimal=cheap", "Invalid decimal: cheap", None),
    ("delete", "/v1/products/{id}", "force=true", "Received unknown parameter: force", "parameter_unknown"),
]


@pytest.mark.parametrize(("method", "template", "form", "message", "code"), BAD)
def test_what_stripe_refuses_is_refused(method: str, template: str, form: str, message: str, code: str | None) -> None:
    with pytest.raises(Unfit) as refused:
        read(method, template, form)
    assert refused.value.message.startswith(message)
    assert refused.value.code == code


def test_values_are_read_as_what_they_are() -> None:
    given = read("post", "/v1/prices", "currency=usd&unit_amount=5&active=false&unit_amount_decimal=0.25")
    assert given == {"currency": "usd", "unit_amount": 5, "active": False, "unit_amount_decimal": Decimal("0.25")}
    assert read("get", "/v1/events", "created=7") == {"created": 7}
    assert read("get", "/v1/events", "created[lt]=7") == {"created": {"lt": 7}}


def test_removed_operations_are_unknown() -> None:
    assert operation("post", "/v1/subscription_items/{item}/usage_records") is None
    assert operation("get", "/v1/invoices/upcoming") is None
    assert operation("post", "/v1/subscriptions/{id}/pause") is not None
