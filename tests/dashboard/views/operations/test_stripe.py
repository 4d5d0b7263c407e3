"""Pages of the connection with Stripe, and what a license's page says of its subscription."""

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.billing.shops import Shop
from tests.dashboard.visiting.visitors import another_member, browser_of, owner_of


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
