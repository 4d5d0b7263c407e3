"""What the product relies on, asked of the simulator and of Stripe's test mode alike."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY, simulator
from tests.stripe_simulator.sdk_types import API_VERSION

KEY = os.environ.get("STRIPE_TEST_KEY", "")
REAL = pytest.param("stripe", marks=pytest.mark.skipif(not KEY, reason="STRIPE_TEST_KEY is not set"))
PATIENCE_SECONDS = 120.0


@pytest.fixture(params=["simulator", REAL])
def v1(request: pytest.FixtureRequest) -> Iterator[Any]:
    http = sdk.RequestsClient(timeout=30)
    options: dict[str, Any] = {"stripe_version": API_VERSION, "max_network_retries": 0, "http_client": http}
    if request.param == "stripe":
        assert KEY.startswith(("sk_test_", "rk_test_")), "never with a live key"
        yield sdk.StripeClient(KEY, **options).v1
    else:
        with simulator() as running:
            account = running.new_account()
            yield sdk.StripeClient(account.api_key, base_addresses={"api": running.url}, **options).v1
    http.close()  # type: ignore[no-untyped-call]  # it has no types


def customer(v1: Any, **more: Any) -> str:
    card = "pm_card_visa"
    settings = {"default_payment_method": card}
    made: str = v1.customers.create({"payment_method": card, "invoice_settings": settings, **more}).id
    return made


def price(v1: Any) -> str:
    terms = {"currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}}
    made: str = v1.prices.create({**terms, "product_data": {"name": "Contract"}}).id
    return made


def subscribe(v1: Any, customer_id: str, **more: Any) -> Any:
    return v1.subscriptions.create({"customer": customer_id, "items": [{"price": price(v1), "quantity": 2}], **more})


def wait_until_ready(v1: Any, clock: str) -> None:
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while v1.test_helpers.test_clocks.retrieve(clock).status != "ready":
        assert time.monotonic() < patience_ends
        time.sleep(0.01)


def test_what_converge_reads(v1: Any) -> None:
    held = customer(v1)
    made = subscribe(v1, held, metadata={"a": "b"})
    paths = ["data.latest_invoice", "data.schedule", "data.items.data.price"]
    asked = {"customer": held, "status": "all", "limit": 100, "expand": paths}
    (found,) = v1.subscriptions.list(asked).data
    assert (found.id, found.status, found.latest_invoice.status) == (made.id, "active", "paid")
    item = found["items"].data[0]
    assert (item.quantity, item.price.unit_amount, found.metadata["a"]) == (2, 1000, "b")
    assert item.current_period_end > item.current_period_start >= found.created - 60
    assert found.latest_invoice.parent.subscription_details.subscription == made.id
    payment = v1.invoice_payments.list({"invoice": found.latest_invoice.id}).data[0].payment
    by_payment = {"type": "payment_intent", "payment_intent": payment.payment_intent}
    assert v1.invoice_payments.list({"payment": by_payment}).data[0].invoice == found.latest_invoice.id


def test_a_canceled_subscription_cannot_be_canceled_again(v1: Any) -> None:
    made = subscribe(v1, customer(v1))
    assert v1.subscriptions.cancel(made.id).status == "canceled"
    with pytest.raises(sdk.InvalidRequestError) as refused:
        v1.subscriptions.cancel(made.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert v1.subscriptions.retrieve(made.id).status == "canceled"


def test_a_trial_without_a_card_pauses(v1: Any) -> None:
    clock = v1.test_helpers.test_clocks.create({"frozen_time": int(time.time())})
    held = v1.customers.create({"test_clock": clock.id}).id
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    made = subscribe(v1, held, trial_period_days=7, trial_settings=settings)
    assert made.status == "trialing"
    v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 8 * DAY})
    wait_until_ready(v1, clock.id)
    paused = v1.subscriptions.retrieve(made.id)
    assert paused.status == "paused"
    assert paused.status_details.paused.subscription.type == "trial_end_without_payment_method"
    v1.test_helpers.test_clocks.delete(clock.id)


def test_a_meter_event_counts_once(v1: Any) -> None:
    name = f"contract_{uuid.uuid4().hex}"
    meter = v1.billing.meters.create(
        {"display_name": "Contract", "event_name": name, "default_aggregation": {"formula": "sum"}}
    )
    event = {
        "event_name": name,
        "payload": {"stripe_customer_id": customer(v1), "value": "5"},
        "identifier": uuid.uuid4().hex,
    }
    assert v1.billing.meter_events.create(event).identifier == event["identifier"]
    with pytest.raises(sdk.InvalidRequestError) as refused:
        v1.billing.meter_events.create(event)
    assert refused.value.user_message == f"An event already exists with identifier {event['identifier']}."
    with pytest.raises(sdk.InvalidRequestError):
        v1.billing.meter_events.create(event | {"identifier": "old", "timestamp": int(time.time()) - 36 * DAY})
    v1.billing.meters.deactivate(meter.id)


def test_an_endpoint_shows_its_secret_once(v1: Any) -> None:
    made = v1.webhook_endpoints.create(
        {
            "url": "https://hooks.example.com/stripe",
            "enabled_events": ["customer.subscription.updated"],
            "api_version": API_VERSION,
        }
    )
    assert made.secret.startswith("whsec_")
    assert "secret" not in v1.webhook_endpoints.retrieve(made.id)
    assert v1.webhook_endpoints.delete(made.id).deleted


def test_the_same_key_is_the_same_request(v1: Any) -> None:
    once = {"idempotency_key": uuid.uuid4().hex}
    made = v1.customers.create({"name": "Ada"}, once)
    assert v1.customers.create({"name": "Ada"}, once).id == made.id
    with pytest.raises(sdk.IdempotencyError):
        v1.customers.create({"name": "Bob"}, once)
    assert v1.customers.delete(made.id).deleted
    assert v1.customers.retrieve(made.id).deleted
