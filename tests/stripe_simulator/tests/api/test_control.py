"""The simulator as a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe as sdk

from tests.running.clients import plain_client

Process = tuple[dict[str, str], httpx.Client, sdk.StripeClient]


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    words = [sys.executable, "-m", "tests.stripe_simulator", "--held"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        said = json.loads(started.stdout.readline())
        http = sdk.RequestsClient()
        with plain_client(said["url"]) as control:
            yield (
                said,
                control,
                sdk.StripeClient(said["api_key"], base_addresses={"api": said["url"]}, http_client=http),
            )
        http.close()  # type: ignore[no-untyped-call]  # it has no types
        started.terminate()
        assert started.wait(10) == 0


def test_a_business_is_run_over_http(process: Process) -> None:
    said, control, client = process
    account = f"/_sim/accounts/{said['account']}"
    price = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}, "product_data": {"name": "Pro"}}
    )
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 2}],
            "success_url": "https://shop.example/done?session={CHECKOUT_SESSION_ID}",
        }
    )
    assert session.url is not None
    assert "Pro" in control.get(session.url).text
    paid = control.post(session.url, data={"email": "ada@example.com"})
    assert paid.headers["Location"] == f"https://shop.example/done?session={session.id}"
    subscription = client.v1.subscriptions.list({}).data[0]
    customer = str(subscription.customer)
    assert act(control, account, "card_fails", customer_id=customer) is None
    before = control.get(account).json()["now"]
    assert control.post(f"{account}/clock", json={"seconds": 40 * 86_400}).json()["now"] == before + 40 * 86_400
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    portal = client.v1.billing_portal.sessions.create({"customer": customer, "return_url": "https://shop.example"})
    assert subscription.id in control.get(portal.url).text
    assert (
        control.post(portal.url, data={"subscription": subscription.id}).headers["Location"] == "https://shop.example"
    )
    assert client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end


def act(control: httpx.Client, account: str, name: str, **how: Any) -> Any:
    answer = control.post(f"{account}/acts/{name}", json=how)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_faults_and_counts_are_reached_over_http(process: Process) -> None:
    _, control, client = process
    control.post("/_sim/faults", json={"kind": "429", "route": "GET /v1/products", "times": 1})
    with pytest.raises(sdk.RateLimitError):
        client.v1.products.list({})
    control.delete("/_sim/faults")
    client.v1.products.list({})
    assert control.get("/_sim/requests").json()["GET /v1/products"] == 2
    made = control.post("/_sim/accounts", json={"livemode": True}).json()
    assert made["api_key"].startswith("rk_live_")
    assert control.post("/_sim/accounts/acct_none/clock", json={}).status_code == 404
    assert control.post("/_sim/deliver", json={}).json() == []
