"""Meters and what they add up."""

from typing import Any

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY
from tests.stripe_simulator.tests.shop import Shop


def meter(shop: Shop, formula: str = "sum") -> Any:
    return shop.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": formula}}
    )


def report(shop: Shop, customer: str, value: str, **more: Any) -> Any:
    payload = {"stripe_customer_id": customer, "value": value}
    return shop.v1.billing.meter_events.create({"event_name": "calls", "payload": payload, **more})


def total(shop: Shop, made: Any, customer: str) -> float:
    now = shop.account.clock.now // 60 * 60
    window = {"customer": customer, "start_time": now - 40 * DAY, "end_time": now + DAY}
    found: float = shop.v1.billing.meters.event_summaries.list(made.id, window).data[0].aggregated_value
    return found


def test_an_identifier_counts_once(shop: Shop) -> None:
    made, customer = meter(shop), shop.customer()
    assert report(shop, customer, "5", identifier="u1").identifier == "u1"
    with pytest.raises(sdk.InvalidRequestError) as refused:
        report(shop, customer, "5", identifier="u1")
    assert refused.value.http_status == 400
    assert refused.value.user_message == "An event already exists with identifier u1."
    assert (refused.value.headers or {})["Stripe-Should-Retry"] == "false"
    assert total(shop, made, customer) == 5
    shop.pass_days(1)
    report(shop, customer, "5", identifier="u1")  # remembered for a day, no longer
    assert total(shop, made, customer) == 10


@pytest.mark.parametrize(("formula", "expected"), [("sum", 6.0), ("count", 3.0), ("last", 3.0)])
def test_each_formula_has_its_value(shop: Shop, formula: str, expected: float) -> None:
    made, customer = meter(shop, formula), shop.customer()
    for value in ("1", "2", "3"):
        report(shop, customer, value)
    assert total(shop, made, customer) == expected


def test_what_is_too_old_or_ahead_is_refused(shop: Shop) -> None:
    meter(shop)
    customer, now = shop.customer(), shop.account.clock.now
    report(shop, customer, "1", timestamp=now - 35 * DAY)
    report(shop, customer, "1", timestamp=now + 300)
    for moment in (now - 35 * DAY - 1, now + 301):
        with pytest.raises(sdk.InvalidRequestError) as refused:
            report(shop, customer, "1", timestamp=moment)
        assert refused.value.param == "timestamp"


def test_an_unknown_customer_is_found_out_later(shop: Shop) -> None:
    made = meter(shop)
    assert report(shop, "cus_none", "1", identifier="u1").identifier == "u1"
    assert shop.account.rejected_usage == [{"identifier": "u1", "code": "meter_event_customer_not_found"}]
    assert total(shop, made, "cus_none") == 0


def test_nonsense_is_refused_at_once(shop: Shop) -> None:
    made, customer = meter(shop), shop.customer()
    with pytest.raises(sdk.InvalidRequestError, match="must be a number"):
        report(shop, customer, "many")
    shop.v1.billing.meters.deactivate(made.id)
    with pytest.raises(sdk.InvalidRequestError, match="No active meter"):
        report(shop, customer, "1")
    assert shop.v1.billing.meters.reactivate(made.id).status == "active"
    assert shop.v1.billing.meters.update(made.id, {"display_name": "All calls"}).display_name == "All calls"
    with pytest.raises(sdk.InvalidRequestError, match="already exists for event name"):
        meter(shop)
    assert [each.id for each in shop.v1.billing.meters.list({"status": "active"}).data] == [made.id]
    assert shop.v1.billing.meters.retrieve(made.id).event_name == "calls"


def test_usage_is_summed_by_the_hour(shop: Shop) -> None:
    made, customer = meter(shop), shop.customer()
    hour = shop.account.clock.now // 3600 * 3600
    for moment, value in ((hour - 7200, "1"), (hour - 7199, "2"), (hour - 3600, "4")):
        report(shop, customer, value, timestamp=moment)
    window = {"customer": customer, "start_time": hour - 10_800, "end_time": hour, "value_grouping_window": "hour"}
    rows = shop.v1.billing.meters.event_summaries.list(made.id, window).data
    assert [(row.start_time, row.aggregated_value) for row in rows] == [(hour - 3600, 4.0), (hour - 7200, 3.0)]
    with pytest.raises(sdk.InvalidRequestError, match="aligned with hour"):
        shop.v1.billing.meters.event_summaries.list(made.id, window | {"start_time": hour - 60})


def test_an_event_is_taken_back(shop: Shop) -> None:
    made, customer = meter(shop), shop.customer()
    report(shop, customer, "5", identifier="u1")
    wrong = {"event_name": "calls", "type": "cancel", "cancel": {"identifier": "u1"}}
    assert shop.v1.billing.meter_event_adjustments.create(wrong).status == "pending"
    assert total(shop, made, customer) == 0
    report(shop, customer, "5", identifier="u2")
    shop.pass_days(1)
    with pytest.raises(sdk.InvalidRequestError, match="within 24 hours"):
        shop.v1.billing.meter_event_adjustments.create(wrong | {"cancel": {"identifier": "u2"}})


def test_usage_is_billed_when_its_period_ends(shop: Shop) -> None:
    made, customer = meter(shop), shop.customer()
    recurring = {"interval": "month", "usage_type": "metered", "meter": made.id}
    subscription = shop.subscribe(customer, items=[{"price": shop.price(7, recurring=recurring)}])
    assert shop.invoice(subscription).total == 0
    report(shop, customer, "100")
    shop.pass_days(32)
    assert (shop.invoice(subscription).total, shop.invoice(subscription).status) == (700, "paid")
    report(shop, customer, "10")
    shop.pass_days(1)
    shop.v1.subscriptions.cancel(subscription.id, {"invoice_now": True})
    assert shop.invoice(subscription).total == 70


def test_what_a_trial_used_costs_nothing(shop: Shop) -> None:
    made, customer = meter(shop), shop.customer()
    recurring = {"interval": "month", "usage_type": "metered", "meter": made.id}
    items = [{"price": shop.price(7, recurring=recurring)}]
    subscription = shop.subscribe(customer, items=items, trial_period_days=7)
    report(shop, customer, "100")
    shop.pass_days(8)
    assert (shop.status(subscription), shop.invoice(subscription).total) == ("active", 0)
