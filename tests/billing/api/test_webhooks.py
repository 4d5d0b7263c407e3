"""What Stripe calls: believed for its signature alone, stored once, and nothing of what is refused."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from billing.models import StripeCustomer, StripeEvent, StripeWebhookSecret
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.running.clients import plain_client
from tests.running.nodes import running
from tests.running.stack import free_port
from verify.ground.ids import new

NOW = int(time.time())


def event(**changes: Any) -> dict[str, Any]:
    about = {"id": "sub_1", "object": "subscription", "customer": "cus_1"}
    told = {"id": "evt_1", "object": "event", "type": "customer.subscription.updated", "livemode": False}
    return {**told, "created": NOW, "data": {"object": about}, **changes}


def call(shop: Shop, told: Any, *, at: int | None = None, secret: str = "", extra: bytes = b"") -> httpx.Response:
    """Signed as Stripe does, over the body without `extra`."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    moment = int(time.time()) if at is None else at
    endpoint = shop.account.all("webhook_endpoint")[0]
    key = secret or shop.account.private[endpoint["id"]]["secrets"][0]["secret"]
    signed = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={moment},v1={signed}", "Content-Type": "application/json"}
    with plain_client("") as client:
        return client.post(shop.connection["webhook_url"], content=body + extra, headers=headers)


def stored(shop: Shop) -> list[tuple[str, str]]:
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        found = StripeEvent.objects.of_organization(organization).order_by("id")
        return list(found.values_list("event_id", "verdict"))


def requested(shop: Shop) -> list[tuple[str, int]]:
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        found = StripeCustomer.objects.of_organization(organization)
        return list(found.values_list("stripe_id", "sync_requested"))


@pytest.fixture
def connected(new_shop: Callable[..., Shop]) -> Shop:
    shop = new_shop()
    shop.connect()
    return shop


def test_a_signed_event_is_stored_once_and_its_customer_looked_at(connected: Shop) -> None:
    answers = [call(connected, event()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert stored(connected) == [("evt_1", "accepted")]
    assert requested(connected) == [("cus_1", 1)]
    assert connected.state()["last_event_at"] is not None


@pytest.mark.parametrize(
    "how",
    [
        {"extra": b" "},
        {"secret": "whsec_another"},
        {"at": NOW - 3600},
        {"at": NOW + 3600},
    ],
)
def test_what_is_not_signed_now_and_by_our_secret_is_refused_and_not_stored(
    connected: Shop, how: dict[str, Any]
) -> None:
    answer = call(connected, event(), **how)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    assert (stored(connected), requested(connected)) == ([], [])


def test_another_tenants_endpoint_does_not_take_it(connected: Shop, new_shop: Callable[..., Shop]) -> None:
    other = new_shop()
    other.connect()
    own, connected.connection = connected.connection, other.connection
    assert call(connected, event()).status_code == 400
    connected.connection = own | {"webhook_url": f"{own['webhook_url'].rpartition('/')[0]}/{new('conn')}"}
    assert call(connected, event()).status_code == 404
    assert stored(connected) == stored(other) == []


@pytest.mark.parametrize("changes", [{"livemode": True}, {"account": "acct_another"}])
def test_what_is_of_another_mode_or_account_is_kept_apart(connected: Shop, changes: dict[str, Any]) -> None:
    assert call(connected, event(**changes)).status_code == 200
    assert stored(connected) == [("evt_1", "quarantined")]
    assert requested(connected) == []
    assert connected.state()["quarantined"] == 1


@pytest.mark.parametrize("told", [event(type="tax.settings.updated"), event(type="customer.tax_id.created")])
def test_an_unknown_type_is_answered_and_ignored(connected: Shop, told: dict[str, Any]) -> None:
    assert call(connected, told).status_code == 200
    assert stored(connected) == []


UNFIT = {"object": {"id": "sub_1", "object": "subscription", "customer": "cus_\ud800"}}


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[1]", b"\xff\xfe", b'{"object": "event", "id": 5, "type": "a"}', b"[" * 100_000),
        *(json.dumps(told).encode() for told in (event(id="evt_\0"), event(type="a\ud800"), event(data=UNFIT))),
    ],
)
def test_what_is_signed_and_no_event_is_refused(connected: Shop, body: bytes) -> None:
    assert (call(connected, body).status_code, stored(connected)) == (400, [])


@pytest.mark.parametrize("data", [{}, {"object": {"object": "invoice", "customer": None}}, {"object": "x"}, None])
def test_an_event_about_nobody_is_stored_and_nobody_looked_at(connected: Shop, data: Any) -> None:
    assert call(connected, event(data=data)).status_code == 200
    assert (stored(connected), requested(connected)) == ([("evt_1", "accepted")], [])


def test_a_body_beyond_the_bound_is_not_even_read(connected: Shop) -> None:
    assert call(connected, b" " * (512 * 1024 + 1)).status_code == 413


def test_both_secrets_are_good_while_one_is_rolled(connected: Shop) -> None:
    connected.place.api.patch("/v1/stripe_connection", json={"webhook_secret": "whsec_rolled12345"})
    assert call(connected, event(id="evt_1")).status_code == 200
    assert call(connected, event(id="evt_2"), secret="whsec_rolled12345").status_code == 200
    assert len(stored(connected)) == 2


def test_a_secret_that_cannot_be_opened_stands_in_no_other_ones_way(connected: Shop) -> None:
    organization = connected.place.environment.organization_id
    with tenant_transaction(organization):
        StripeWebhookSecret.objects.of_organization(organization).update(sealed=b"of another ring")
    assert call(connected, event()).status_code == 400
    connected.place.api.patch("/v1/stripe_connection", json={"webhook_secret": "whsec_given12345"}).raise_for_status()
    assert call(connected, event(), secret="whsec_given12345").status_code == 200


def test_after_the_connection_was_ended_nobody_is_at_its_address(connected: Shop) -> None:
    endpoint = connected.account.all("webhook_endpoint")[0]
    secret = connected.account.private[endpoint["id"]]["secrets"][0]["secret"]
    connected.account.tables["webhook_endpoint"] = {"kept": endpoint}
    connected.place.api.delete("/v1/stripe_connection").raise_for_status()
    connected.account.tables["webhook_endpoint"] = {"kept": endpoint}
    assert call(connected, event(), secret=secret).status_code == 404


def test_while_the_database_is_away_stripe_is_asked_to_come_again(connected: Shop, tmp_path: Path) -> None:
    port, nowhere = free_port(), {"DATABASE_URL": f"postgresql://licet_app@/licet?host={tmp_path}"}
    url = f"http://127.0.0.1:{port}"
    words = ["-m", "uvicorn", "config.asgi:application", "--port", str(port), "--lifespan", "off"]
    with running(words, url, tmp_path / "web.log", nowhere), plain_client(url) as client:
        connected.until(lambda: answers(client))
        connected.connection["webhook_url"] = f"{url}/webhooks/stripe/{connected.connection['connection_uid']}"
        assert call(connected, event()).status_code == 500


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
