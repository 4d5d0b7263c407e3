"""Checkout and portal through the connection, and the page that the buyer comes back to."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.billing.shops import Shop
from tests.dashboard.visiting.reading import filled
from tests.running.clients import plain_client

LEADING = {"success_url": "https://example.com/ok", "cancel_url": "https://example.com/no"}


def checkout(shop: Shop, **more: Any) -> dict[str, Any]:
    return shop.place.post("checkout_sessions", {"plan": shop.plan, **LEADING, **more})


def returned(shop: Shop, session: str) -> str:
    """Where Stripe leads the buyer when it is paid."""
    url: str = shop.account.find("checkout.session", session)["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session)


def text_of(client: httpx.Client, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    return answer.text


def form_of(page: str) -> dict[str, Any]:
    return {name: values[0] for name, values in filled(page).items()}


def test_who_comes_back_finds_license_and_first_key_without_any_webhook(shop: Shop) -> None:
    shop.stripe.webhooks.faults.drop = 1.0
    made = checkout(shop, customer=shop.place.sample["customer"])
    assert made["id"].startswith("cs_test_")
    url = returned(shop, made["id"])
    with plain_client("", follow_redirects=False) as buyer:
        assert "being confirmed" in text_of(buyer, url)
        shop.account.people.completes_checkout(made["id"])
        shop.until(lambda: "Show my key" in text_of(buyer, url))  # a worker may be at it that moment
        page = text_of(buyer, url)
        assert "_test_lc" not in page
        form, other_tab = form_of(page), form_of(text_of(buyer, url))
        with ThreadPoolExecutor(2) as hands:
            pages = [one.result().text for one in [hands.submit(buyer.post, url, data=form) for _ in range(2)]]
        key, again = (re.search(r"key_test_lc[0-9A-Za-z]{36}", page) for page in pages)
        assert key
        assert again
        assert key[0] == again[0]
        for late in (other_tab, {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"]}):
            answer = buyer.post(url, data=late)
            assert (answer.status_code, key[0] in answer.text) == (409, False)
        assert key[0] not in text_of(buyer, url)
    verdict = shop.place.verify_until("VALID", key=key[0])
    assert (verdict["customer"]["id"], verdict["plan"]["id"]) == (shop.place.sample["customer"], shop.plan)


def test_a_first_key_for_which_there_is_no_seat_is_refused_and_says_so(shop: Shop) -> None:
    shop.sell("seats", seat_policy="key")
    made = checkout(shop)
    shop.account.people.completes_checkout(made["id"])
    shop.settle()
    license = str(shop.place.api.get("/v1/licenses", params={"plan": shop.plan}).json()["data"][0]["id"])
    shop.place.post("keys", {"license": license})
    url = returned(shop, made["id"])
    with plain_client("", follow_redirects=False) as buyer:
        refused = buyer.post(url, data=form_of(text_of(buyer, url)))
    assert (refused.status_code, "other keys have taken its seats" in refused.text) == (409, True)
    assert len(shop.place.api.get("/v1/keys", params={"license": license}).json()["data"]) == 1


@pytest.mark.parametrize("fault", ["500 before", "500 after", "reset after"])
def test_a_failure_of_stripes_does_not_stick_to_the_customer(shop: Shop, fault: str) -> None:
    shop.stripe.faults.add(fault, "POST /v1/customers", account=shop.account.id, times=1)
    checkout(shop, customer=shop.place.sample["customer"])
    assert len(shop.account.all("customer")) == (2 if fault == "500 after" else 1)  # done, and yet said to have failed


def test_who_is_called_otherwise_or_was_deleted_at_stripe_can_buy_again(shop: Shop) -> None:
    customer = shop.place.sample["customer"]
    unsold = {"plan": shop.new_plan("unsold", ["price_nobody"]), **LEADING, "customer": customer}
    assert shop.place.api.post("/v1/checkout_sessions", json=unsold).status_code == 422
    shop.place.api.patch(f"/v1/customers/{customer}", json={"name": "Another"}).raise_for_status()
    checkout(shop, customer=customer)
    (made,) = shop.account.all("customer")
    shop.client.v1.customers.delete(made["id"])
    shop.settle()
    checkout(shop, customer=customer)


def test_a_metered_price_is_bought_without_a_quantity(shop: Shop) -> None:
    meter: Any = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    recurring: Any = {"usage_type": "metered", "meter": shop.client.v1.billing.meters.create(meter).id}
    plan = shop.new_plan("metered", [shop.new_price(**recurring)])
    refused = shop.place.api.post("/v1/checkout_sessions", json={"plan": plan, "quantity": 2, **LEADING})
    assert (refused.status_code, refused.json()["code"]) == (422, "stripe_declined")
    shop.account.people.completes_checkout(checkout(shop, plan=plan)["id"])
    shop.settle()
    (subscription,) = shop.account.all("subscription")
    found = shop.license_of(subscription["id"])
    assert found
    assert (found["plan"], found["quantity"], found["status"]) == (plan, 1, "active")


def test_without_a_customer_the_checkout_makes_one(shop: Shop) -> None:
    made = checkout(shop, quantity=4)
    shop.account.people.completes_checkout(made["id"], email="new@example.com")
    shop.settle()
    (subscription,) = shop.account.all("subscription")
    found = shop.license_of(subscription["id"])
    assert found
    assert found["quantity"] == 4
    assert shop.place.api.get(f"/v1/customers/{found['customer']}").json()["email"] == "new@example.com"


def test_a_return_that_is_not_this_checkouts_finds_nothing(shop: Shop) -> None:
    first, second = checkout(shop), checkout(shop)
    with plain_client("") as buyer:
        text_of(buyer, returned(shop, first["id"]).replace(first["id"], second["id"]), status=404)
        text_of(buyer, returned(shop, first["id"]).partition("?")[0], status=404)


def test_a_portal_is_for_who_bought_something(shop: Shop) -> None:
    customer = shop.place.sample["customer"]
    body = {"customer": customer, "return_url": "https://example.com"}
    answer = shop.place.api.post("/v1/portal_sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_at_stripe")
    checkout(shop, customer=customer)
    assert shop.place.post("portal_sessions", body)["url"].startswith("http")
    (made,) = shop.account.all("customer")
    assert made["metadata"] == {"licet_customer": customer}


def test_what_cannot_be_sold_says_why(shop: Shop) -> None:
    body = {"plan": shop.place.sample["plan"], **LEADING}
    answer = shop.place.api.post("/v1/checkout_sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_has_no_price")
    shop.place.api.delete("/v1/stripe_connection").raise_for_status()
    answer = shop.place.api.post("/v1/checkout_sessions", json={**body, "plan": shop.plan})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_connected")
