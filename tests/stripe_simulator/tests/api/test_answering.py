"""Stripe's manners, as stripe-python meets them."""

from typing import Any

import pytest
import stripe as sdk

from tests.stripe_simulator import DAY, Simulator, simulator
from tests.stripe_simulator.api.routing import HANDLERS, Call
from tests.stripe_simulator.sdk_types import API_VERSION
from tests.stripe_simulator.tests.shop import Shop


def test_every_answer_names_its_request_and_version(shop: Shop) -> None:
    first, second = (shop.v1.customers.create({"name": name}).last_response for name in ("Ada", "Bob"))
    assert first.request_id.startswith("req_")
    assert first.request_id != second.request_id
    assert first.headers["Stripe-Version"] == API_VERSION
    with pytest.raises(sdk.InvalidRequestError) as refused:
        shop.v1.customers.retrieve("cus_none")
    assert str(refused.value.request_id).startswith("req_")


def test_the_same_request_again_changes_nothing(shop: Shop) -> None:
    once = {"idempotency_key": "k1"}
    made = shop.v1.customers.create({"name": "Ada"}, once)
    again = shop.v1.customers.create({"name": "Ada"}, once)
    assert again.id == made.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == made.last_response.request_id
    assert len(shop.account.all("customer")) == 1
    with pytest.raises(sdk.IdempotencyError, match="Keys for idempotent requests can only be used"):
        shop.v1.customers.create({"name": "Bob"}, once)
    shop.pass_days(1)
    assert shop.v1.customers.create({"name": "Bob"}, once).id != made.id


def test_a_failure_is_remembered_like_any_answer(shop: Shop) -> None:
    shop.stripe.faults.add("500 after", "POST /v1/customers", times=1)
    for _ in range(2):
        with pytest.raises(sdk.APIError) as failed:
            shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
        assert failed.value.http_status == 500
    assert len(shop.account.all("customer")) == 1
    shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k2"})


def test_what_was_refused_before_it_began_is_not_remembered(shop: Shop) -> None:
    with pytest.raises(sdk.InvalidRequestError):
        shop.v1.customers.create({"nom": "Ada"}, {"idempotency_key": "k1"})
    assert shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k1"}).name == "Ada"


def test_errors_have_stripes_form(shop: Shop) -> None:
    with pytest.raises(sdk.InvalidRequestError) as refused:
        shop.v1.customers.retrieve("cus_none")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert refused.value.user_message == "No such customer: 'cus_none'"
    assert refused.value.param == "id"
    with pytest.raises(sdk.InvalidRequestError) as refused:
        shop.v1.subscriptions.create({"customer": "cus_none", "items": [{"price": "price_none"}]})
    assert (refused.value.http_status, refused.value.param) == (400, "customer")
    with pytest.raises(sdk.InvalidRequestError) as refused:
        shop.v1.customers.create({"nom": "Ada"})
    assert (refused.value.http_status, refused.value.code) == (400, "parameter_unknown")
    with pytest.raises(sdk.InvalidRequestError, match=r"Unrecognized request URL \(GET: /v1/usage_records\)"):
        shop.client.raw_request("get", "/v1/usage_records")


def test_lists_page_by_cursor(shop: Shop) -> None:
    ids = [shop.v1.customers.create({"name": str(number)}).id for number in range(5)]
    newest = ids[::-1]
    page = shop.v1.customers.list({"limit": 2})
    assert ([each.id for each in page.data], page.has_more) == (newest[:2], True)
    page = shop.v1.customers.list({"limit": 3, "starting_after": newest[1]})
    assert ([each.id for each in page.data], page.has_more) == (newest[2:], False)
    page = shop.v1.customers.list({"limit": 2, "ending_before": newest[3]})
    assert ([each.id for each in page.data], page.has_more) == (newest[1:3], True)
    assert [each.id for each in shop.v1.customers.list({"limit": 2}).auto_paging_iter()] == newest
    for bad in ({"limit": 0}, {"limit": 101}, {"starting_after": "cus_none"}):
        with pytest.raises(sdk.InvalidRequestError):
            shop.v1.customers.list(bad)


def test_lists_filter_by_creation(shop: Shop) -> None:
    early = shop.v1.customers.create({"name": "early"})
    shop.pass_days(1)
    late = shop.v1.customers.create({"name": "late"})
    found = shop.v1.customers.list({"created": {"gt": early.created}}).data
    assert [each.id for each in found] == [late.id]
    assert [each.id for each in shop.v1.customers.list({"created": early.created}).data] == [early.id]


def test_expand_puts_objects_in_the_place_of_ids(shop: Shop) -> None:
    shop.subscribe()
    paths = ["data.latest_invoice.payments", "data.items.data.price.product", "data.customer", "data.schedule"]
    found = shop.v1.subscriptions.list({"status": "all", "limit": 100, "expand": paths}).data[0]
    assert found.latest_invoice.payments.data[0].status == "paid"
    assert found["items"].data[0].price.product.name == "Pro"
    assert found.customer.name == "Ada"
    assert isinstance(shop.v1.subscriptions.list({}).data[0].latest_invoice, str)
    with pytest.raises(sdk.InvalidRequestError, match=r"This property cannot be expanded \(status\)"):
        shop.v1.subscriptions.list({"expand": ["data.status"]})
    with pytest.raises(sdk.InvalidRequestError, match="cannot be expanded"):
        shop.v1.customers.create({"name": "Bob", "expand": ["name"]})
    assert len(shop.account.all("customer")) == 1


def test_metadata_is_merged_and_cleared(shop: Shop) -> None:
    made = shop.v1.customers.create({"metadata": {"a": "1", "b": "2"}, "description": "x"})
    assert shop.v1.customers.update(made.id, {"metadata": {"a": "", "c": "3"}}).metadata.to_dict() == {
        "b": "2",
        "c": "3",
    }
    assert shop.v1.customers.update(made.id, {"metadata": ""}).metadata.to_dict() == {}
    assert shop.v1.customers.update(made.id, {"description": ""}).description is None


def test_a_key_opens_its_own_account_only(shop: Shop) -> None:
    with Shop(shop.stripe, shop.stripe.new_account(livemode=True)).open() as other:
        assert other.account.api_key.startswith("rk_live_")
        customer = shop.customer()
        assert other.v1.customers.list({}).data == []
        assert other.v1.customers.create({"name": "Bob"}).livemode is True
        with pytest.raises(sdk.InvalidRequestError, match="No such customer"):
            other.v1.customers.retrieve(customer)
        assert other.v1.accounts.retrieve_current().id == other.account.id
        with pytest.raises(sdk.PermissionError, match="does not have access to account"):
            other.v1.customers.list({}, {"stripe_account": shop.account.id})


def test_unknown_and_rolled_keys_are_refused(shop: Shop) -> None:
    with pytest.raises(sdk.AuthenticationError, match="Invalid API Key provided: rk_test_"):
        shop.client_with("rk_test_unknown0000").v1.customers.list({})
    new = shop.stripe.roll_key(shop.account)
    with pytest.raises(sdk.AuthenticationError, match="Expired API Key"):
        shop.v1.customers.list({})
    assert shop.client_with(new).v1.customers.list({}).data == []


def test_a_restricted_key_may_do_what_it_was_granted(shop: Shop) -> None:
    narrow = shop.stripe.new_account(permissions={"customer": "write", "subscription": "read"})
    client = shop.client_with(narrow.api_key)
    customer = client.v1.customers.create({"name": "Ada"})
    assert client.v1.subscriptions.list({}).data == []
    with pytest.raises(sdk.PermissionError, match="does not have the required permissions") as refused:
        client.v1.subscriptions.create({"customer": customer.id})
    assert "'rak_subscription_write'" in str(refused.value)
    with pytest.raises(sdk.PermissionError, match="rak_webhook_write"):
        client.v1.webhook_endpoints.create({"url": "https://x.example", "enabled_events": ["invoice.paid"]})
    narrow.permissions["webhook"] = "write"
    client.v1.webhook_endpoints.create({"url": "https://x.example", "enabled_events": ["invoice.paid"]})


def test_what_is_not_simulated_fails_the_test() -> None:
    def use(stripe: Simulator) -> None:
        with Shop(stripe).open() as shop, pytest.raises(sdk.APIError, match="Not simulated"):
            shop.v1.coupons.create({"percent_off": 10, "duration": "forever"})

    with pytest.raises(AssertionError, match="POST /v1/coupons: not simulated"), simulator() as stripe:
        use(stripe)


def test_an_answer_that_stripe_could_not_give_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def invent(_call: Call) -> dict[str, Any]:
        return {"id": "acct_1", "object": "account", "vibe": "good"}

    monkeypatch.setitem(HANDLERS, ("get", "/v1/account"), invent)

    def use(stripe: Simulator) -> None:
        with Shop(stripe).open() as shop, pytest.raises(sdk.APIError):
            shop.v1.accounts.retrieve_current()

    with (
        pytest.raises(AssertionError, match=r"vibe: stripe\._account\.Account has no such field"),
        simulator() as stripe,
    ):
        use(stripe)


def test_time_is_virtual(shop: Shop) -> None:
    began = shop.account.clock.now
    shop.pass_days(3)
    assert shop.v1.customers.create({"name": "Ada"}).created == began + 3 * DAY
