"""Charges, refunds and disputes."""

import pytest
import stripe as sdk

from tests.stripe_simulator.tests.shop import Shop


def test_a_charge_leads_to_its_subscription(shop: Shop) -> None:
    made = shop.subscribe()
    charge = shop.v1.charges.list({"customer": made.customer}).data[0]
    payment = {"type": "payment_intent", "payment_intent": charge.payment_intent}
    paid = shop.v1.invoice_payments.list({"payment": payment}).data[0]
    assert (paid.invoice, paid.status, paid.amount_paid) == (made.latest_invoice, "paid", 1000)
    assert shop.v1.payment_intents.retrieve(charge.payment_intent).latest_charge == charge.id
    invoice = shop.v1.invoices.retrieve(paid.invoice)
    assert invoice.parent.subscription_details.subscription == made.id


def test_a_charge_is_refunded_in_parts(shop: Shop) -> None:
    made = shop.subscribe()
    charge = shop.account.people.charge_of(made.latest_invoice)["id"]
    shop.v1.refunds.create({"charge": charge, "amount": 400})
    assert not shop.v1.charges.retrieve(charge).refunded
    shop.account.people.refunds(charge)
    whole = shop.v1.charges.retrieve(charge, {"expand": ["refunds"]})
    assert (whole.refunded, whole.amount_refunded) == (True, 1000)
    assert [each.amount for each in whole.refunds.data] == [600, 400]
    assert [each.amount for each in shop.v1.refunds.list({"charge": charge}).data] == [600, 400]
    with pytest.raises(sdk.InvalidRequestError, match="already been refunded"):
        shop.v1.refunds.create({"charge": charge})
    assert shop.told("refund.created", "charge.refunded") == ["refund.created", "charge.refunded"] * 2
    assert shop.status(made) == "active"


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_opened_and_closed(shop: Shop, outcome: str) -> None:
    made = shop.subscribe()
    charge = shop.account.people.charge_of(made.latest_invoice)["id"]
    opened = shop.account.people.opens_dispute(charge)["id"]
    assert shop.v1.charges.retrieve(charge).disputed
    assert shop.v1.disputes.list({"charge": charge}).data[0].status == "needs_response"
    assert shop.v1.disputes.update(opened, {"submit": True}).status == "under_review"
    shop.account.people.closes_dispute(opened, outcome)
    assert shop.v1.disputes.retrieve(opened).status == outcome
    closed = ["charge.dispute.closed", *(["charge.dispute.funds_reinstated"] if outcome == "won" else [])]
    assert shop.told()[-len(closed) :] == closed


def test_an_inquiry_takes_no_money(shop: Shop) -> None:
    made = shop.subscribe()
    charge = shop.account.people.charge_of(made.latest_invoice)["id"]
    opened = shop.account.people.opens_dispute(charge, is_inquiry=True)
    assert opened["status"] == "warning_needs_response"
    assert shop.told()[-1] == "charge.dispute.created"
    assert shop.v1.disputes.close(opened["id"]).status == "lost"


def test_every_attempt_is_a_charge(shop: Shop) -> None:
    made = shop.subscribe()
    shop.account.people.card_fails(made.customer)
    shop.pass_days(35)
    found = shop.v1.charges.list({"customer": made.customer}).data
    assert [each.status for each in found] == ["failed", "failed", "succeeded"]
    assert len(shop.v1.payment_intents.list({"customer": made.customer}).data) == 2
