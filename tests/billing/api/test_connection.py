"""/v1/stripe_connection: a key that is never seen again, an endpoint at Stripe, secrets that overlap."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from billing.models import StripeConnection, StripeWebhookSecret
from tenants import clock
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.tenants.test_row_level_security import act_for

PATH = "/v1/stripe_connection"


def code_of(answer: Any) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body["errors"][0]["code"] if "errors" in body else body["code"]


def test_connecting_makes_an_endpoint_with_our_version_and_shows_no_secret(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    assert code_of(shop.place.api.get(PATH)) == (404, "not_found")
    answer = shop.place.api.post(PATH, json={"api_key": shop.account.api_key})
    assert (answer.status_code, answer.headers["Location"]) == (201, PATH)
    shown = shop.state()
    looked = {"compared_at": None, "swept_at": None}  # a worker begins at once
    assert shown | looked == answer.json() | looked
    (endpoint,) = shop.account.all("webhook_endpoint")
    assert (shown["webhook_status"], shown["account"], shown["livemode"]) == ("enabled", shop.account.id, False)
    assert shown["webhook_url"] == endpoint["url"]
    assert shown["webhook_url"].endswith(f"/webhooks/stripe/{shown['connection_uid']}")
    assert endpoint["api_version"] == shown["api_version"]
    secret = shop.account.private[endpoint["id"]]["secrets"][0]["secret"]
    assert not any(text in answer.text for text in (shop.account.api_key, secret))


def test_key_and_secrets_are_sealed_at_rest(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    shop.connect()
    secret = next(iter(shop.account.private.values()))["secrets"][0]["secret"]
    organization = shop.place.environment.organization_id
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        act_for(owner, organization)
        rows = [
            row
            for table in ("stripe_connections", "stripe_webhook_secrets", "audit_entries", "idempotent_answers")
            for row in owner.execute(f"SELECT t::text FROM {table} t WHERE organization_id = %s", [organization])
        ]
    assert len(rows) > 3
    for text in (shop.account.api_key, secret):
        assert not any(text in row or text.encode().hex() in row for (row,) in rows)


def test_a_repeat_with_its_key_makes_no_second_endpoint(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    asked: Any = {"json": {"api_key": shop.account.api_key}, "headers": {"Idempotency-Key": "once"}}
    first, second = shop.place.api.post(PATH, **asked), shop.place.api.post(PATH, **asked)
    assert (first.status_code, second.status_code, second.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == second.json()
    assert code_of(shop.place.api.post(PATH, json=asked["json"])) == (409, "already_exists")
    assert len(shop.account.all("webhook_endpoint")) == 1


def test_of_two_requests_at_once_one_connects_and_its_endpoint_stays(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    shop.connect()
    shop.place.api.delete(PATH).raise_for_status()  # its address is used again: the worst case
    with ThreadPoolExecutor(2) as hands:
        asked = [hands.submit(shop.place.api.post, PATH, json={"api_key": shop.account.api_key}) for _ in range(2)]
        assert sorted(one.result().status_code for one in asked) == [201, 409]
    (endpoint,) = shop.account.all("webhook_endpoint")
    assert endpoint["url"] == shop.state()["webhook_url"]


@pytest.mark.parametrize(
    ("api_key", "code"),
    [
        ("rk_test_nobody1234567890", "refused_by_stripe"),
        ("rk_live_nobody1234567890", "wrong_mode"),
        ("pk_test_nobody1234567890", "invalid"),
        ("", "blank"),
    ],
)
def test_a_key_that_is_none_of_this_mode_is_refused(new_shop: Callable[..., Shop], api_key: str, code: str) -> None:
    shop = new_shop()
    answer = shop.place.api.post(PATH, json={"api_key": api_key})
    assert (*code_of(answer), answer.json()["errors"][0]["pointer"]) == (400, code, "/api_key")
    assert shop.place.api.get(PATH).status_code == 404


READS = {"subscription": "read", "customer": "read", "invoice": "read", "event": "read"}


def test_a_key_that_may_not_read_what_is_needed_is_refused_with_the_permission(
    new_shop: Callable[..., Shop],
) -> None:
    shop = new_shop()
    for lacked in READS:
        shop.account.permissions = {name: granted for name, granted in READS.items() if name != lacked}
        answer = shop.place.api.post(PATH, json={"api_key": shop.account.api_key})
        assert code_of(answer) == (400, "permission_missing")
        assert f"rak_{lacked}_read" in answer.text


@pytest.mark.parametrize(
    ("policy", "missing"),
    [({"on_refund": "suspend"}, "rak_charge_read"), ({"on_dispute": "suspend"}, "rak_dispute_read")],
)
def test_a_policy_that_needs_more_than_the_key_may_read_is_refused(
    new_shop: Callable[..., Shop], policy: dict[str, str], missing: str
) -> None:
    shop = new_shop(READS | ({"charge": "read"} if "on_dispute" in policy else {}))
    refused = shop.place.api.post(PATH, json={"api_key": shop.account.api_key, **policy})
    shop.connect()
    for answer in (refused, shop.place.api.patch(PATH, json=policy)):
        assert code_of(answer) == (400, "permission_missing")
        assert missing in answer.text
    shown = shop.state()
    assert (shown["on_refund"], shown["on_dispute"], shown["key_status"]) == ("nothing", "nothing", "accepted")


def test_where_stripe_makes_no_endpoint_the_secret_is_asked_for(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(READS)
    shown = shop.connect()
    assert (shown["webhook_status"], shown["account"]) == ("needs_secret", None)
    changed = shop.place.api.patch(PATH, json={"webhook_secret": "whsec_madeByHand1234"})
    assert (changed.status_code, changed.json()["webhook_status"]) == (200, "enabled")


def test_a_given_secret_spares_the_endpoint(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    assert shop.connect(webhook_secret="whsec_madeByHand1234")["webhook_status"] == "enabled"
    assert shop.account.all("webhook_endpoint") == []


def test_an_older_secret_is_good_for_a_day_beside_the_new_one(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    shop.connect()
    shop.place.api.patch(PATH, json={"webhook_secret": "whsec_rolled12345"}).raise_for_status()
    organization, now = shop.place.environment.organization_id, clock.now()
    with tenant_transaction(organization):
        ends = [row.valid_to for row in StripeWebhookSecret.objects.of_organization(organization).order_by("id")]
    assert ends[1] is None
    assert ends[0] is not None
    assert timedelta(hours=23) < ends[0] - now <= timedelta(hours=24)


def test_another_key_must_be_of_the_same_account(new_shop: Callable[..., Shop]) -> None:
    shop, other = new_shop(), new_shop()
    shop.connect()
    answer = shop.place.api.patch(PATH, json={"api_key": other.account.api_key})
    assert code_of(answer) == (400, "other_account")
    rolled = shop.stripe.roll_key(shop.account)
    shown = shop.place.api.patch(PATH, json={"api_key": rolled}).json()
    assert (shown["key_last4"], shown["key_status"]) == (rolled[-4:], "accepted")
    assert len(shop.account.all("webhook_endpoint")) == 1


def test_ending_it_forgets_the_key_and_removes_the_endpoint_and_the_account_can_come_back(
    new_shop: Callable[..., Shop],
) -> None:
    shop = new_shop()
    uid = shop.connect()["connection_uid"]
    assert shop.place.api.delete(PATH).status_code == 200
    assert shop.account.all("webhook_endpoint") == []
    assert shop.place.api.get(PATH).status_code == 404
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        row = StripeConnection.objects.of_organization(organization).get()
        assert row.sealed_api_key is None
        assert not StripeWebhookSecret.objects.of_organization(organization).exists()
    assert shop.connect()["connection_uid"] == uid


def test_without_stripe_nothing_is_connected(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    shop.stripe.goes_down()
    assert code_of(shop.place.api.post(PATH, json={"api_key": shop.account.api_key})) == (503, "stripe_unavailable")
    assert shop.place.api.get(PATH).status_code == 404


def test_no_change_without_a_connection_whatever_is_sent(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    for method, path in (("PATCH", PATH), ("DELETE", PATH), ("POST", f"{PATH}/resync")):
        assert code_of(shop.place.api.request(method, path, json={"unheard": "of"})) == (404, "not_found")
