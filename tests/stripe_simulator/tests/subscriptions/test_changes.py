"""Changes of a subscription that runs."""

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY
from tests.stripe_simulator.tests.shop import Shop


def test_more_seats_cost_their_part_on_the_next_invoice(shop: Shop) -> None:
    made = shop.subscribe(amount=3100, quantity=1)
    item = made["items"].data[0]
    half = (item.current_period_end - item.current_period_start) // 2
    shop.account.clock.advance(half)
    changed = shop.v1.subscriptions.update(made.id, {"items": [{"id": item.id, "quantity": 3}]})
    assert changed["items"].data[0].quantity == 3
    shop.account.clock.advance(half + 3600)
    invoice = shop.invoice(made)
    amounts = [line.amount for line in invoice.lines.data]
    assert amounts == [-1550, 4650, 9300]
    assert (invoice.total, invoice.status) == (sum(amounts), "paid")
    assert [line.parent.subscription_item_details.proration for line in invoice.lines.data] == [True, True, False]


def test_a_change_may_be_billed_at_once_or_not_at_all(shop: Shop) -> None:
    made = shop.subscribe(amount=1000)
    item = made["items"].data[0].id
    update = {"items": [{"id": item, "quantity": 2}], "proration_behavior": "none"}
    shop.v1.subscriptions.update(made.id, update)
    assert shop.invoice(made).id == made.latest_invoice
    update = {"items": [{"id": item, "quantity": 4}], "proration_behavior": "always_invoice"}
    shop.v1.subscriptions.update(made.id, update)
    invoice = shop.invoice(made)
    assert (invoice.billing_reason, invoice.total, invoice.status) == ("subscription_update", 2000, "paid")


def test_credit_is_kept_for_the_next_invoice(shop: Shop) -> None:
    made = shop.subscribe(amount=1000, quantity=5)
    item = made["items"].data[0].id
    update = {"items": [{"id": item, "quantity": 1}], "proration_behavior": "always_invoice"}
    shop.v1.subscriptions.update(made.id, update)
    assert (shop.invoice(made).total, shop.invoice(made).amount_due) == (-4000, 0)
    assert shop.v1.customers.retrieve(made.customer).balance == -4000
    shop.pass_days(32)
    assert (shop.invoice(made).total, shop.invoice(made).amount_due) == (1000, 0)
    assert shop.v1.customers.retrieve(made.customer).balance == -3000


def test_another_price_takes_the_place_of_the_old_one(shop: Shop) -> None:
    made = shop.subscribe()
    bigger = shop.price(5000)
    item = made["items"].data[0].id
    changed = shop.v1.subscriptions.update(made.id, {"items": [{"id": item, "price": bigger}]})
    assert [(each.id, each.price.id, each.plan.amount) for each in changed["items"].data] == [(item, bigger, 5000)]
    event = shop.v1.events.list({"type": "customer.subscription.updated"}).data[0]
    assert event.data.previous_attributes["items"]["data"][0]["price"]["unit_amount"] == 1000


def test_another_interval_begins_a_period_now(shop: Shop) -> None:
    made = shop.subscribe()
    shop.pass_days(10)
    yearly = shop.price(10_000, "year")
    item = made["items"].data[0].id
    changed = shop.v1.subscriptions.update(made.id, {"items": [{"id": item, "price": yearly}]})
    assert changed.billing_cycle_anchor == shop.account.clock.now
    assert changed["items"].data[0].current_period_end > shop.account.clock.now + 364 * DAY
    assert shop.invoice(made).lines.data[-1].amount == 10_000


def test_items_come_and_go(shop: Shop) -> None:
    made = shop.subscribe()
    added = shop.v1.subscription_items.create({"subscription": made.id, "price": shop.price(300), "quantity": 2})
    assert [each.quantity for each in shop.v1.subscription_items.list({"subscription": made.id}).data] == [2, 1]
    assert shop.v1.subscription_items.update(added.id, {"quantity": 5}).quantity == 5
    assert shop.v1.subscription_items.retrieve(added.id).current_period_end == made["items"].data[0].current_period_end
    assert shop.v1.subscription_items.delete(added.id).deleted
    assert len(shop.v1.subscriptions.retrieve(made.id)["items"].data) == 1
    with pytest.raises(sdk.InvalidRequestError, match="at least one"):
        shop.v1.subscription_items.delete(made["items"].data[0].id)


def test_a_trial_is_ended_or_made_longer(shop: Shop) -> None:
    made = shop.subscribe(trial_period_days=14)
    later = made.trial_end + 7 * DAY
    longer = shop.v1.subscriptions.update(made.id, {"trial_end": later})
    assert (longer.status, longer.trial_end, longer["items"].data[0].current_period_end) == ("trialing", later, later)
    ended = shop.v1.subscriptions.update(made.id, {"trial_end": "now"})
    assert (ended.status, shop.invoice(made).total, shop.invoice(made).status) == ("active", 1000, "paid")


def test_the_anchor_is_moved_to_now(shop: Shop) -> None:
    made = shop.subscribe()
    shop.pass_days(10)
    moved = shop.v1.subscriptions.update(
        made.id, {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"}
    )
    assert moved["items"].data[0].current_period_start == made.created + 10 * DAY
    assert shop.invoice(made).total == 1000


def test_a_subscription_is_paused_and_resumed(shop: Shop) -> None:
    made = shop.subscribe()
    paused = shop.v1.subscriptions.pause(made.id)
    assert (paused.status, paused.status_details.paused.subscription.type) == ("paused", "pause_requested")
    shop.pass_days(100)
    assert (shop.status(made), shop.invoice(made).id) == ("paused", made.latest_invoice)
    back = shop.v1.subscriptions.resume(made.id, {"billing_cycle_anchor": {"type": "now"}})
    assert (back.status, back.status_details) == ("active", None)
    assert back["items"].data[0].current_period_start == shop.account.clock.now
    assert shop.told("customer.subscription.paused", "customer.subscription.resumed") == [
        "customer.subscription.paused",
        "customer.subscription.resumed",
    ]


def test_a_resumption_that_is_not_paid_stays_paused(shop: Shop) -> None:
    made = shop.subscribe()
    shop.v1.subscriptions.pause(made.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    shop.account.people.card_fails(made.customer)
    assert shop.v1.subscriptions.resume(made.id).status == "paused"
    shop.account.people.card_works(made.customer)
    shop.v1.invoices.pay(shop.invoice(made).id)
    assert shop.status(made) == "active"


def test_a_canceled_one_is_gone_for_changes(shop: Shop) -> None:
    made = shop.subscribe()
    canceled = shop.v1.subscriptions.cancel(made.id, {"cancellation_details": {"feedback": "too_expensive"}})
    assert (canceled.status, canceled.cancellation_details.feedback) == ("canceled", "too_expensive")
    with pytest.raises(sdk.InvalidRequestError, match="No such subscription") as again:
        shop.v1.subscriptions.cancel(made.id)
    assert again.value.http_status == 404
    with pytest.raises(sdk.InvalidRequestError, match="canceled subscription can only update"):
        shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert shop.v1.subscriptions.update(made.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    assert shop.v1.subscriptions.list({"customer": made.customer}).data == []
    assert len(shop.v1.subscriptions.list({"customer": made.customer, "status": "all"}).data) == 1


def test_void_and_uncollectible_invoices_hold_nothing_back(shop: Shop) -> None:
    made = shop.subscribe()
    shop.account.people.card_fails(made.customer)
    shop.account.clock.advance(to=made["items"].data[0].current_period_end + 3600)
    assert shop.status(made) == "past_due"
    assert shop.v1.invoices.mark_uncollectible(shop.invoice(made).id).status == "uncollectible"
    assert shop.status(made) == "active"
    assert shop.v1.invoices.void_invoice(shop.invoice(made).id).status == "void"
