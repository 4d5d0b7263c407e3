"""What no webhook told is found, put right and said; what waits is looked after."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F

from billing.actions import resyncing, sweeping
from billing.actions.sweeping import compare, hand_out_due, sweep_events, sweep_stuck, tidy_events
from billing.models import StripeConnection, StripeCustomer, StripeEvent, StripeSubscription
from billing.rules.event_types import ABOUT_CUSTOMERS
from billing.stripe import reading
from billing.stripe.trouble import StripeAway
from tenants import clock
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.tenants.actions.chains import until_sequenced
from verify.ground.ids import decode


def of_connection(shop: Shop) -> tuple[UUID, UUID]:
    found = decode("conn", shop.connection["connection_uid"])
    assert found
    return shop.place.environment.organization_id, found


def healed(shop: Shop, subscription: str) -> list[str]:
    """The statuses that sweeps put right."""
    until_sequenced(shop.place.environment.organization_id)
    events = shop.place.api.get("/v1/events?type=stripe.drift_healed").json()["data"]
    return [one["data"]["status"] for one in events if one["data"]["subscription"] == subscription]


def status_of(shop: Shop, subscription: str) -> str:
    found = shop.license_of(subscription)
    return found["status"] if found else "none"


@pytest.fixture
def untold(shop: Shop) -> tuple[Shop, str]:
    """A subscription that was canceled, of which no webhook came."""
    shop.until(lambda: shop.state()["compared_at"])  # what is looked through at connecting is no healing
    subscription = shop.subscribe()
    shop.settle()
    shop.stripe.webhooks.faults.drop = 1.0
    shop.account.people.cancels(subscription, at_once=True)
    shop.settle()
    assert status_of(shop, subscription) == "active"
    return shop, subscription


def by_events(shop: Shop) -> int:
    return sweep_events(*of_connection(shop), now=clock.now())


def by_comparing(shop: Shop) -> int:
    return compare(*of_connection(shop), now=clock.now())


@pytest.mark.parametrize("sweep", [by_events, by_comparing])
def test_an_event_that_never_came_is_found_once_and_told(
    untold: tuple[Shop, str], sweep: Callable[[Shop], int]
) -> None:
    shop, subscription = untold
    assert sweep(shop) > 0
    shop.settle()
    assert status_of(shop, subscription) == "ended"
    assert sweep(shop) == 0
    shop.settle()
    assert healed(shop, subscription) == ["canceled"]


def test_what_a_webhook_told_is_no_healing(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.settle()
    by_events(shop)
    by_comparing(shop)
    shop.settle()
    assert healed(shop, subscription) == []


@pytest.mark.parametrize("asked", ["everything", "customer", "since"])
def test_whoever_asks_has_it_looked_at_again(untold: tuple[Shop, str], asked: str) -> None:
    shop, subscription = untold
    found = shop.license_of(subscription)
    assert found
    an_hour_ago = (clock.now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    body: dict[str, Any] = {"customer": {"customer": found["customer"]}, "since": {"since": an_hour_ago}}
    shop.place.post("stripe_connection/resync", body.get(asked, {}), status=200)
    shop.until(lambda: status_of(shop, subscription) == "ended")


def test_who_asks_while_a_sweep_goes_on_is_not_overlooked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.until(lambda: shop.state()["compared_at"])
    within, since = shop.place.environment, clock.now() - timedelta(days=3)
    monkeypatch.setattr(resyncing, "hand_out_sweep", lambda _: None)  # so that only this sweep may overwrite it

    def pages(*asked: Any) -> Any:
        resyncing.resync(within=within, by=system(), now=clock.now(), since=since)
        return reading.pages(*asked)

    monkeypatch.setattr(sweeping, "pages", pages)
    by_events(shop)
    with tenant_transaction(within.organization_id):
        assert StripeConnection.objects.within(within).get().swept_until == since


def test_an_endpoint_of_an_older_version_is_told_of_newer_events(shop: Shop) -> None:
    shop.until(lambda: shop.state()["compared_at"])
    endpoints = shop.client.v1.webhook_endpoints
    (made,) = endpoints.list().data
    endpoints.update(made.id, {"enabled_events": ["invoice.paid"]})
    by_comparing(shop)
    assert set(endpoints.retrieve(made.id).enabled_events) == set(ABOUT_CUSTOMERS)
    by_comparing(shop)
    assert shop.stripe.requests("POST /v1/webhook_endpoints/{}", shop.account) == 2  # ours above, and one of Licet's


def test_an_unknown_customer_is_not_looked_at(shop: Shop) -> None:
    answer = shop.place.api.post("/v1/stripe_connection/resync", json={"customer": "nobody"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/customer")


def test_a_price_is_followed_once_a_plan_has_it(shop: Shop) -> None:
    price = shop.new_price()
    subscription = shop.subscribe(price=price)
    shop.settle()
    assert shop.state()["drift"] == 1
    shop.until(lambda: shop.state()["compared_at"])  # which looks at all, once
    looks = shop.stripe.requests("GET /v1/subscriptions", shop.account)
    by_events(shop)
    shop.settle()
    assert shop.stripe.requests("GET /v1/subscriptions", shop.account) == looks  # it would find the same
    shop.new_plan("late", [price])
    by_events(shop)
    shop.settle()
    assert (status_of(shop, subscription), shop.state()["drift"]) == ("active", 0)


def test_who_waits_and_is_forgotten_is_looked_after(untold: tuple[Shop, str]) -> None:
    shop, subscription = untold
    organization, now = shop.place.environment.organization_id, clock.now()
    with tenant_transaction(organization):
        customers = StripeCustomer.objects.of_organization(organization)
        customers.update(sync_requested=F("sync_requested") + 1, waiting_since=now, lease_until=now)
    assert sweep_stuck(now=now) > 0
    shop.until(lambda: status_of(shop, subscription) == "ended")


def test_what_stripe_changes_by_itself_is_looked_at_then(untold: tuple[Shop, str]) -> None:
    shop, subscription = untold
    organization, now = shop.place.environment.organization_id, clock.now()
    with tenant_transaction(organization):
        rows = StripeSubscription.objects.of_organization(organization)
        assert rows.get().looks_again_at is not None
        rows.update(looks_again_at=now)
    sweep_stuck(now=now)
    shop.until(lambda: status_of(shop, subscription) == "ended")


def test_a_sweep_without_stripe_begins_there_again(untold: tuple[Shop, str]) -> None:
    shop, subscription = untold
    shop.stripe.goes_down()
    hand_out_due(now=clock.now() + timedelta(days=2))
    with pytest.raises(StripeAway):
        by_events(shop)
    shop.stripe.comes_back()
    assert status_of(shop, subscription) == "active"


def test_evidence_is_kept_for_forty_days(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.subscribe()
    shop.settle()
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        kept = StripeEvent.objects.of_organization(organization)
        before = kept.count()
        old = [kept.earliest("id").pk, kept.latest("id").pk]
        kept.filter(pk__in=old).update(received_at=clock.now() - timedelta(days=41))
    monkeypatch.setattr(sweeping, "TIDIED_AT_ONCE", 1)
    tidy_events(now=clock.now())
    with tenant_transaction(organization):
        assert kept.count() == before - 2


def test_an_endpoint_that_stripe_calls_no_more_is_seen_and_another_key_makes_it_anew(shop: Shop) -> None:
    (endpoint,) = shop.account.all("webhook_endpoint")
    endpoint["status"] = "disabled"
    by_comparing(shop)
    assert shop.state()["webhook_status"] == "disabled"
    rolled = shop.stripe.roll_key(shop.account)
    shown = shop.place.api.patch("/v1/stripe_connection", json={"api_key": rolled}).json()
    assert shown["webhook_status"] == "enabled"
    assert [one["status"] for one in shop.account.all("webhook_endpoint")] == ["enabled"]
