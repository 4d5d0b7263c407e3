"""Pages of the connection with Stripe, and what a license's page says of its subscription."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from billing.models import StripeWebhookSecret
from billing.models.sealed import webhook_secret
from billing.queries.connections import in_force
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of

FIRST, SECOND = "a-token-of-one-form-", "a-token-of-another-"


def page(shop: Shop, browser: Client, name: str = "stripe", form: dict[str, Any] | None = None) -> str:
    address = reverse(name, args=[shop.place.environment.id])
    answer = browser.get(address) if form is None else browser.post(address, form, follow=True)
    return answer.content.decode()


def test_it_is_connected_changed_looked_at_and_ended_by_hand(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    owner = browser_of(owner_of(shop.place))
    assert "Not connected" in page(shop, owner)
    connected = page(shop, owner, "stripe_connecting", {"api_key": shop.account.api_key})
    assert "Connected. Subscriptions are being looked through." in connected
    assert shop.account.id in connected
    assert shop.account.api_key not in connected
    assert "is changed" in page(shop, owner, "stripe_change", {"webhook_secret": "whsec_another123"})
    assert "License suspended" in page(shop, owner, "stripe_change", {"on_refund": "suspend"})
    assert "is being looked at again" in page(shop, owner, "stripe_resync", {})
    assert "Not connected" in page(shop, owner, "stripe_ending", {})
    assert shop.account.all("webhook_endpoint") == []


def test_what_stripe_refuses_is_told_beside_its_field(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop()
    told = page(shop, browser_of(owner_of(shop.place)), "stripe_connecting", {"api_key": "rk_test_nobody12345678"})
    assert "Stripe refuses this key" in told
    assert 'aria-invalid="true"' in told


@pytest.mark.parametrize(("tokens", "connected"), [((FIRST, FIRST), 2), ((FIRST, SECOND), 1)])
def test_two_clicks_at_once_leave_one_endpoint_whose_secret_is_known(
    new_shop: Callable[..., Shop], tokens: tuple[str, str], connected: int
) -> None:
    shop = new_shop()
    shop.connect()
    shop.place.api.delete("/v1/stripe_connection").raise_for_status()  # its address is used again: the worst case
    address = reverse("stripe_connecting", args=[shop.place.environment.id])
    browsers = [browser_of(owner_of(shop.place)) for _ in tokens]

    def click(browser: Client, token: str) -> int:
        try:
            return browser.post(address, {"api_key": shop.account.api_key, "once": token}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as hands:
        statuses = list(hands.map(click, browsers, tokens))
    assert sorted(statuses) == [302] * connected + [409] * (2 - connected)
    (endpoint,) = shop.account.all("webhook_endpoint")
    with tenant_transaction(shop.place.environment.organization_id):
        row = in_force(shop.place.environment)
        assert row
        rows = StripeWebhookSecret.objects.within(shop.place.environment).filter(valid_to__isnull=True)
        known = [webhook_secret(one) for one in rows]
    secret = shop.account.private[endpoint["id"]]["secrets"][0]["secret"]
    assert (row.endpoint_id, known) == (endpoint["id"], [secret.encode()])


def test_a_form_that_was_sent_before_with_something_else_is_asked_again(shop: Shop) -> None:
    owner, address = browser_of(owner_of(shop.place)), reverse("stripe_change", args=[shop.place.environment.id])
    assert owner.post(address, {"on_refund": "suspend", "once": FIRST}).status_code == 302
    answer = owner.post(address, {"on_dispute": "suspend", "once": FIRST})
    assert (answer.status_code, "send it once more" in answer.content.decode()) == (422, True)


def test_drift_is_shown_and_a_licenses_page_says_what_drives_it(shop: Shop) -> None:
    owner = browser_of(owner_of(shop.place))
    subscription, stranger = shop.subscribe(), shop.subscribe(price=shop.new_price())
    shop.settle()
    shown = page(shop, owner)
    assert stranger in shown
    assert "No plan has its price" in shown
    found = shop.license_of(subscription)
    assert found
    text = owner.get(f"/{shop.place.document['environment']}/licenses/{found['id']}").content.decode()
    assert subscription in text
    assert "Paid until" in text
    assert "Change plan" not in text


def test_who_may_only_look_is_not_offered_to_act(shop: Shop) -> None:
    viewer = browser_of(another_member(shop.place, "viewer"))
    shown = page(shop, viewer)
    assert shop.account.id in shown
    assert "End connection" not in shown
    assert viewer.get(reverse("stripe_ending", args=[shop.place.environment.id])).status_code == 403
