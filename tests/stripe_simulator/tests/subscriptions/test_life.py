"""Subscriptions in all eight statuses, as time and payments move them."""

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY, Dunning
from tests.stripe_simulator.tests.shop import Shop

HOUR = 3600


def test_a_paid_first_invoice_makes_it_active(shop: Shop) -> None:
    made = shop.subscribe(quantity=3)
    assert (made.status, shop.invoice(made).status, shop.invoice(made).total) == ("active", "paid", 3000)
    item = made["items"].data[0]
    assert item.current_period_start == made.created
    assert item.current_period_end > made.created + 27 * DAY
    assert shop.told("customer.subscription.created", "invoice.paid") == [
        "customer.subscription.created",
        "invoice.paid",
    ]


def test_a_renewal_is_a_draft_for_an_hour(shop: Shop) -> None:
    made = shop.subscribe()
    shop.account.clock.advance(to=made["items"].data[0].current_period_end)
    draft = shop.invoice(made)
    assert (draft.status, draft.billing_reason) == ("draft", "subscription_cycle")
    assert draft.automatically_finalizes_at == draft.created + HOUR
    shop.account.clock.advance(HOUR - 1)
    assert shop.invoice(made).status == "draft"
    shop.account.clock.advance(1)
    paid = shop.invoice(made)
    assert (paid.id, paid.status) == (draft.id, "paid")
    assert paid.status_transitions.finalized_at == draft.created + HOUR
    assert shop.status(made) == "active"
    (told,) = shop.v1.events.list({"type": "customer.subscription.updated", "created": draft.created}).data
    before = told.data.previous_attributes
    assert {"items", "latest_invoice"} <= before.to_dict().keys()


def test_a_year_of_months_has_thirteen_invoices(shop: Shop) -> None:
    made = shop.subscribe()
    shop.pass_days(367)  # a year, be it a long one, and the hour until an invoice is final
    invoices = shop.v1.invoices.list({"subscription": made.id, "limit": 100}).data
    assert [invoice.status for invoice in invoices] == ["paid"] * 13


def test_an_unpaid_first_invoice_expires_after_23_hours(shop: Shop) -> None:
    made = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"))
    assert (made.status, shop.invoice(made).status) == ("incomplete", "open")
    shop.account.clock.advance(23 * HOUR - 1)
    assert shop.status(made) == "incomplete"
    shop.account.clock.advance(1)
    assert (shop.status(made), shop.invoice(made).status) == ("incomplete_expired", "void")


def test_an_incomplete_one_is_paid_in_time(shop: Shop) -> None:
    made = shop.subscribe(payment_behavior="default_incomplete")
    assert made.status == "incomplete"
    shop.account.people.pays(made.latest_invoice)
    assert shop.status(made) == "active"


def test_error_if_incomplete_leaves_nothing_behind(shop: Shop) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    with pytest.raises(sdk.CardError) as declined:
        shop.subscribe(customer, payment_behavior="error_if_incomplete")
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    assert shop.account.all("subscription") == shop.account.all("invoice") == []


def test_without_a_card_there_is_no_subscription(shop: Shop) -> None:
    with pytest.raises(sdk.InvalidRequestError, match="no attached payment source"):
        shop.subscribe(shop.customer(card=None))


def test_a_card_that_wants_action_leaves_it_incomplete(shop: Shop) -> None:
    made = shop.subscribe(shop.customer("pm_card_authenticationRequired"))
    assert made.status == "incomplete"
    assert "invoice.payment_action_required" in shop.told()


@pytest.mark.parametrize(
    ("finally_", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")]
)
def test_a_failed_renewal_is_retried_and_then_given_up(shop: Shop, finally_: str, status: str) -> None:
    shop.account.dunning = Dunning(retry_days=(3, 5), finally_=finally_)
    made = shop.subscribe()
    shop.account.people.card_fails(made.customer)
    shop.account.clock.advance(to=made["items"].data[0].current_period_end + HOUR)
    first = shop.invoice(made)
    assert (shop.status(made), first.status, first.attempt_count) == ("past_due", "open", 1)
    assert first.next_payment_attempt == shop.account.clock.now + 3 * DAY
    shop.pass_days(3)
    assert (shop.status(made), shop.invoice(made).attempt_count) == ("past_due", 2)
    shop.pass_days(5)
    last = shop.invoice(made)
    assert (shop.status(made), last.attempt_count, last.next_payment_attempt) == (status, 3, None)
    if status == "canceled":
        assert shop.v1.subscriptions.retrieve(made.id).cancellation_details.reason == "payment_failed"
    assert shop.told("invoice.payment_failed") == ["invoice.payment_failed"] * 3


def test_a_retry_that_succeeds_makes_it_active_again(shop: Shop) -> None:
    made = shop.subscribe()
    shop.account.people.card_fails(made.customer)
    shop.account.clock.advance(to=made["items"].data[0].current_period_end + HOUR)
    shop.account.people.card_works(made.customer)
    shop.pass_days(3)
    assert (shop.status(made), shop.invoice(made).status) == ("active", "paid")


def test_invoices_of_an_unpaid_one_stay_drafts_until_it_is_paid(shop: Shop) -> None:
    shop.account.dunning = Dunning(retry_days=(1,), finally_="unpaid")
    made = shop.subscribe()
    shop.account.people.card_fails(made.customer)
    shop.pass_days(75)
    draft = shop.invoice(made)
    assert (shop.status(made), draft.status, draft.auto_advance) == ("unpaid", "draft", False)
    shop.account.people.card_works(made.customer)
    shop.account.people.pays(draft.id)
    assert shop.status(made) == "active"


def test_an_old_invoice_being_paid_does_not_help(shop: Shop) -> None:
    shop.account.dunning = Dunning(retry_days=(1,), finally_="past_due")
    made = shop.subscribe()
    shop.account.people.card_fails(made.customer)
    shop.pass_days(70)
    newest, older = shop.v1.invoices.list({"subscription": made.id, "status": "open"}).data
    shop.account.people.card_works(made.customer)
    shop.v1.invoices.pay(older.id)
    assert shop.status(made) == "past_due"
    shop.v1.invoices.pay(newest.id)
    assert shop.status(made) == "active"


def test_a_trial_is_announced_and_becomes_active(shop: Shop) -> None:
    made = shop.subscribe(trial_period_days=14)
    assert (made.status, shop.invoice(made).total, shop.invoice(made).status) == ("trialing", 0, "paid")
    assert made["items"].data[0].current_period_end == made.trial_end == made.created + 14 * DAY
    shop.account.clock.advance(11 * DAY)
    assert "customer.subscription.trial_will_end" in shop.told()
    shop.account.clock.advance(3 * DAY + HOUR)
    assert (shop.status(made), shop.invoice(made).total, shop.invoice(made).status) == ("active", 1000, "paid")


@pytest.mark.parametrize(
    ("missing", "status"), [("pause", "paused"), ("cancel", "canceled"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_its_settings_say(shop: Shop, missing: str, status: str) -> None:
    settings = {"end_behavior": {"missing_payment_method": missing}}
    made = shop.subscribe(shop.customer(card=None), trial_period_days=7, trial_settings=settings)
    shop.account.clock.advance(7 * DAY + HOUR)
    assert shop.status(made) == status
    if status == "paused":
        details = shop.v1.subscriptions.retrieve(made.id).status_details.paused
        assert details.subscription.type == "trial_end_without_payment_method"
        assert details.transitioned_at == made.trial_end
        assert "customer.subscription.paused" in shop.told()


def test_a_sent_invoice_falls_due(shop: Shop) -> None:
    customer = shop.customer(card=None)
    made = shop.subscribe(customer, collection_method="send_invoice", days_until_due=14)
    assert (made.status, shop.invoice(made).status) == ("active", "draft")
    shop.account.clock.advance(HOUR)
    sent = shop.invoice(made)
    assert (sent.status, sent.due_date) == ("open", made.created + HOUR + 14 * DAY)
    shop.account.clock.advance(14 * DAY)
    assert shop.status(made) == "past_due"
    assert "invoice.overdue" in shop.told()
    shop.v1.invoices.pay(sent.id, {"paid_out_of_band": True})
    assert (shop.status(made), shop.invoice(made).status) == ("active", "paid")


def test_a_sent_invoice_that_stays_open_is_given_up(shop: Shop) -> None:
    shop.account.dunning = Dunning(overdue_days=10)
    made = shop.subscribe(shop.customer(card=None), collection_method="send_invoice", days_until_due=5)
    shop.pass_days(16)
    assert shop.status(made) == "canceled"


@pytest.mark.parametrize(
    ("behavior", "status"), [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")]
)
def test_paused_collection_leaves_the_status_alone(shop: Shop, behavior: str, status: str) -> None:
    made = shop.subscribe()
    resumes = made.created + 40 * DAY
    shop.v1.subscriptions.update(made.id, {"pause_collection": {"behavior": behavior, "resumes_at": resumes}})
    shop.pass_days(35)
    assert (shop.status(made), shop.invoice(made).status) == ("active", status)
    shop.pass_days(40)
    again = shop.v1.subscriptions.retrieve(made.id)
    assert (again.status, again.pause_collection, shop.invoice(made).status) == ("active", None, "paid")


def test_it_ends_at_the_end_of_its_period(shop: Shop) -> None:
    made = shop.subscribe()
    ends = made["items"].data[0].current_period_end
    changed = shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert (changed.cancel_at, changed.canceled_at) == (ends, made.created)
    shop.account.clock.advance(to=ends)
    ended = shop.v1.subscriptions.retrieve(made.id)
    assert (ended.status, ended.ended_at, ended.cancellation_details.reason) == (
        "canceled",
        ends,
        "cancellation_requested",
    )
    assert len(shop.v1.invoices.list({"subscription": made.id}).data) == 1
    assert shop.told("customer.subscription.deleted") == ["customer.subscription.deleted"]


def test_it_ends_when_it_was_told_to(shop: Shop) -> None:
    made = shop.subscribe()
    shop.v1.subscriptions.update(made.id, {"cancel_at": made.created + 10 * DAY})
    back = shop.v1.subscriptions.update(made.id, {"cancel_at": ""})
    assert (back.cancel_at, back.canceled_at) == (None, None)
    shop.v1.subscriptions.update(made.id, {"cancel_at": made.created + 20 * DAY})
    shop.pass_days(365)
    assert shop.v1.subscriptions.retrieve(made.id).ended_at == made.created + 20 * DAY


def test_a_renewal_is_announced_and_previewed(shop: Shop) -> None:
    made = shop.subscribe(quantity=2)
    ends = made["items"].data[0].current_period_end
    shop.account.clock.advance(to=ends - 7 * DAY - 1)
    assert shop.told("invoice.upcoming") == []
    shop.account.clock.advance(1)
    event = shop.v1.events.list({"type": "invoice.upcoming"}).data[0]
    assert (event.data.object["total"], event.data.object["period_end"]) == (2000, ends)
    preview = shop.v1.invoices.create_preview({"subscription": made.id})
    assert (preview.total, preview.lines.data[0].period.start) == (2000, ends)
    shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    with pytest.raises(sdk.InvalidRequestError, match="No upcoming invoices"):
        shop.v1.invoices.create_preview({"subscription": made.id})
    assert len(shop.v1.invoices.list({"subscription": made.id}).data) == 1
