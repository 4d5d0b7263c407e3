"""Checkout and the portal."""

from typing import Any

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY
from tests.stripe_simulator.tests.shop import Shop


def session(shop: Shop, **more: Any) -> Any:
    return shop.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": shop.price(), "quantity": 2}],
            "success_url": "https://shop.example/done",
            **more,
        }
    )


def test_completing_makes_customer_card_and_subscription(shop: Shop) -> None:
    data = {"metadata": {"licet": "1"}}
    made = session(shop, client_reference_id="org_1", subscription_data=data, customer_email="ada@example.com")
    assert (made.status, made.payment_status, made.amount_total) == ("open", "unpaid", 2000)
    shop.account.people.completes_checkout(made.id)
    paths = ["subscription", "customer", "line_items"]
    done = shop.v1.checkout.sessions.retrieve(made.id, {"expand": paths})
    assert (done.status, done.payment_status, done.client_reference_id) == ("complete", "paid", "org_1")
    assert (done.subscription.status, done.subscription.metadata["licet"]) == ("active", "1")
    assert done.customer.email == "ada@example.com"
    assert done.line_items.data[0].quantity == 2
    assert shop.told()[-1] == "checkout.session.completed"


@pytest.mark.parametrize(("quantity", "recurring"), [(2, "metered"), (None, "licensed")])
def test_a_quantity_is_for_what_is_not_metered(shop: Shop, quantity: int | None, recurring: str) -> None:
    how: dict[str, Any] = {"interval": "month"}
    if recurring == "metered":
        meter = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
        how |= {"usage_type": "metered", "meter": shop.v1.billing.meters.create(meter).id}
    line = {"price": shop.price(recurring=how)} | ({} if quantity is None else {"quantity": quantity})
    with pytest.raises(sdk.InvalidRequestError, match=r"[Qq]uantity") as refused:
        session(shop, line_items=[line])
    assert (refused.value.param or "").startswith("line_items[0]")


def test_a_trial_needs_no_payment(shop: Shop) -> None:
    customer = shop.customer(card=None)
    made = session(shop, customer=customer, subscription_data={"trial_period_days": 14})
    shop.account.people.completes_checkout(made.id)
    done = shop.v1.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert (done.payment_status, done.subscription.status) == ("no_payment_required", "trialing")
    assert done.customer == customer


def test_a_card_that_fails_leaves_it_open(shop: Shop) -> None:
    made = session(shop, customer=shop.customer())
    with pytest.raises(Exception, match="declined"):
        shop.account.people.completes_checkout(made.id, card="pm_card_chargeCustomerFail")
    assert shop.v1.checkout.sessions.retrieve(made.id).status == "open"
    shop.account.people.completes_checkout(made.id)


def test_it_expires(shop: Shop) -> None:
    late, told = session(shop), session(shop)
    assert shop.v1.checkout.sessions.expire(told.id).status == "expired"
    shop.account.clock.advance(DAY)
    assert shop.v1.checkout.sessions.retrieve(late.id).status == "expired"
    assert shop.told("checkout.session.expired") == ["checkout.session.expired"] * 2
    with pytest.raises(sdk.InvalidRequestError, match="can be expired"):
        shop.v1.checkout.sessions.expire(late.id)


def test_a_portal_session_is_the_customers(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.v1.billing_portal.sessions.create({"customer": customer, "return_url": "https://shop.example"})
    assert made.customer == customer
    assert made.url.startswith(shop.stripe.url)
    with pytest.raises(sdk.InvalidRequestError, match="No such customer"):
        shop.v1.billing_portal.sessions.create({"customer": "cus_none"})
