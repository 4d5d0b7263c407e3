"""Events as they are listed."""

import pytest
import stripe as sdk

from tests.stripe_simulator.tests.shop import Shop


def test_events_are_found_by_type_and_page_in_order(shop: Shop) -> None:
    shop.subscribe()
    shop.pass_days(20)
    shop.subscribe()
    types = ["customer.subscription.created", "invoice.paid"]
    found = shop.v1.events.list({"types": types}).data
    assert [event.type for event in found] == types[::-1] * 2
    assert [event.type for event in shop.v1.events.list({"type": "invoice.pay*"}).data].count("invoice.paid") == 0
    oldest = found[-1].id
    newer = shop.v1.events.list({"types": types, "ending_before": oldest, "limit": 2})
    assert [event.id for event in newer.data] == [event.id for event in found[1:3]]
    assert newer.has_more


def test_an_event_holds_the_object_as_it_was(shop: Shop) -> None:
    customer = shop.customer()
    shop.v1.customers.update(customer, {"name": "Bob"})
    created = shop.v1.events.list({"type": "customer.created"}).data[0]
    assert created.data.object["name"] == "Ada"
    assert shop.v1.events.retrieve(created.id).id == created.id


def test_what_the_clock_does_has_no_request(shop: Shop) -> None:
    shop.subscribe()
    shop.pass_days(32)
    assert shop.v1.events.list({"type": "invoice.created"}).data[0].request.id is None


def test_events_are_kept_for_thirty_days(shop: Shop) -> None:
    shop.customer()
    event = shop.v1.events.list({}).data[0]
    shop.pass_days(31)
    assert shop.v1.events.list({}).data == []
    with pytest.raises(sdk.InvalidRequestError, match="No such event"):
        shop.v1.events.retrieve(event.id)
