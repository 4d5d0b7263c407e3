"""An API that fails as it was told to."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe as sdk

from tests.stripe_simulator.tests.shop import Shop


def test_too_many_requests_say_when_to_come_back(shop: Shop) -> None:
    shop.stripe.faults.add("429", "GET /v1/customers", retry_after=7, times=1)
    with pytest.raises(sdk.RateLimitError) as refused:
        shop.v1.customers.list({})
    assert (refused.value.headers or {})["Retry-After"] == "7"
    assert shop.v1.customers.list({}).data == []


def test_who_stands_between_may_have_a_404_of_its_own(shop: Shop) -> None:
    shop.stripe.faults.add("404", "GET /v1/customers", times=1)
    with pytest.raises(sdk.APIError) as refused:
        shop.v1.customers.list({})
    assert (refused.value.http_status, refused.value.code) == (404, None)
    assert shop.v1.customers.list({}).data == []


def test_a_failure_before_the_work_leaves_none(shop: Shop) -> None:
    shop.stripe.faults.add("500 before", "POST /v1/customers", times=1)
    with pytest.raises(sdk.APIError):
        shop.v1.customers.create({"name": "Ada"})
    assert shop.account.all("customer") == []


@pytest.mark.parametrize(("kind", "error"), [("500 after", sdk.APIError), ("reset after", sdk.APIConnectionError)])
def test_a_failure_after_the_work_leaves_it_done(shop: Shop, kind: str, error: type[sdk.StripeError]) -> None:
    shop.stripe.faults.add(kind, "POST /v1/customers", times=1)
    with pytest.raises(error):
        shop.v1.customers.create({"name": "Ada"})
    assert len(shop.account.all("customer")) == 1


def test_a_connection_is_reset(shop: Shop) -> None:
    shop.stripe.faults.add("reset", times=1)
    with pytest.raises(sdk.APIConnectionError, match="Connection reset"):
        shop.v1.customers.list({})


def test_a_hang_lasts_until_it_is_cleared(shop: Shop) -> None:
    shop.stripe.faults.add("hang", "GET /v1/prices", times=1)
    outcome: list[type[BaseException]] = []

    def ask() -> None:
        try:
            shop.v1.prices.list({})
        except sdk.StripeError as failed:
            outcome.append(type(failed))

    asking = threading.Thread(target=ask)
    asking.start()
    while not shop.stripe.requests("GET /v1/prices"):
        pass
    assert shop.v1.customers.list({}).data == []  # others are not held up
    assert outcome == []
    shop.stripe.faults.clear()
    asking.join(10)
    assert outcome == [sdk.APIConnectionError]


def test_stripe_goes_down_and_comes_back(shop: Shop) -> None:
    shop.stripe.goes_down()
    with pytest.raises(sdk.APIConnectionError):
        shop.v1.customers.list({})
    shop.stripe.comes_back()
    assert shop.v1.customers.list({}).data == []


def test_a_rate_strikes_by_the_seed(shop: Shop) -> None:
    shop.stripe.faults.add("500 before", rate=0.3)
    failed = 0
    for _ in range(50):
        try:
            shop.v1.customers.list({})
        except sdk.APIError:
            failed += 1
    assert failed == shop.stripe.faults.struck["500 before"]
    assert 5 < failed < 25


def test_requests_are_counted_by_route(shop: Shop) -> None:
    customer = shop.customer()
    for _ in range(3):
        shop.v1.customers.retrieve(customer)
    assert shop.stripe.requests("GET /v1/customers/{}") == 3
    assert shop.stripe.requests("POST /v1/customers") == 1


@pytest.mark.parametrize("route", ["GET /v1/customers/{customer}", "GET /v1/customer", "customers", "/v1/customers"])
def test_a_route_that_nothing_is_counted_under_is_refused(shop: Shop, route: str) -> None:
    with pytest.raises(ValueError, match="is no route"):
        shop.stripe.requests(route)
    with pytest.raises(ValueError, match="is no route"):
        shop.stripe.faults.add("429", route)


def test_one_account_fails_and_no_other(shop: Shop) -> None:
    with Shop(shop.stripe).open() as other:
        shop.stripe.faults.add("429", account=other.account.id)
        with pytest.raises(sdk.RateLimitError):
            other.v1.customers.list({})
        shop.v1.customers.list({})
        shop.stripe.faults.clear()
        shop.stripe.goes_down(other.account)
        with pytest.raises(sdk.APIConnectionError):
            other.v1.customers.list({})
        shop.v1.customers.list({})
        assert shop.stripe.requests("GET /v1/customers") == 4
        assert shop.stripe.requests("GET /v1/customers", other.account) == 2


def test_many_ask_at_once(shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: shop.v1.customers.create({"name": str(number)}).id, range(80)))
    assert len(set(made)) == len(shop.account.all("customer")) == 80
