"""Customers."""

import pytest
import stripe as sdk

from tests.stripe_simulator.tests.shop import Shop


def test_a_deleted_customer_ends_its_subscriptions(shop: Shop) -> None:
    made = shop.subscribe()
    assert shop.v1.customers.delete(made.customer).deleted
    assert shop.v1.customers.retrieve(made.customer).to_dict() == {
        "id": made.customer,
        "object": "customer",
        "deleted": True,
    }
    assert shop.status(made) == "canceled"
    assert shop.told()[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    assert shop.v1.customers.list({}).data == []
    with pytest.raises(sdk.InvalidRequestError, match="No such customer"):
        shop.v1.customers.update(made.customer, {"name": "Bob"})


def test_customers_are_found_by_email(shop: Shop) -> None:
    shop.customer(email="ada@example.com")
    shop.customer(email="bob@example.com")
    assert [each.email for each in shop.v1.customers.list({"email": "bob@example.com"}).data] == ["bob@example.com"]


def test_a_card_is_attached_and_chosen(shop: Shop) -> None:
    customer = shop.customer(card=None)
    card = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    shop.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card.id}})
    assert shop.subscribe(customer).status == "active"
    assert [each.id for each in shop.v1.payment_methods.list({"customer": customer}).data] == [card.id]
    with pytest.raises(sdk.CardError):
        shop.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer})


def test_an_update_says_what_was_there_before(shop: Shop) -> None:
    customer = shop.customer()
    shop.v1.customers.update(customer, {"name": "Bob", "email": "bob@example.com"})
    event = shop.v1.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": "Ada", "email": None}
    assert event.request.id.startswith("req_")
