"""Money that was taken back suspends a license where the connection says so, and only there."""

import pytest

from billing.actions.finding import find_customer
from billing.actions.sweeping import sweep_stuck
from billing.models import StripeEvent
from tenants import clock
from tenants.tenancy import tenant_transaction
from tests.billing.actions.test_converging import move_on, status_of
from tests.billing.shops import Shop

ACTIVE, REFUNDED, DISPUTED = ("active", None), ("suspended", "refunded"), ("suspended", "disputed")
ASKED = ("GET /v1/charges", "GET /v1/charges/{}", "GET /v1/disputes")


def decide(shop: Shop, **policy: str) -> None:
    shown = shop.place.api.patch("/v1/stripe_connection", json=policy).raise_for_status().json()
    assert policy.items() <= shown.items()
    shop.until(lambda: shop.state()["pending"] == 0)


def charge_of(shop: Shop, subscription: str) -> str:
    """Of its newest invoice."""
    invoice = shop.client.v1.subscriptions.retrieve(subscription).latest_invoice
    return str(shop.account.people.charge_of(str(invoice))["id"])


def subscribed(shop: Shop) -> str:
    subscription = shop.subscribe()
    shop.settle()
    assert status_of(shop, subscription) == ACTIVE
    return subscription


def asked(shop: Shop) -> int:
    return sum(shop.stripe.requests(route, shop.account) for route in ASKED)


def test_a_refund_in_full_suspends_until_the_next_invoice_is_paid(shop: Shop) -> None:
    decide(shop, on_refund="suspend")
    subscription = subscribed(shop)
    shop.account.people.refunds(charge_of(shop, subscription), 400)
    shop.settle()
    assert status_of(shop, subscription) == ACTIVE
    shop.account.people.refunds(charge_of(shop, subscription))
    shop.settle()
    assert status_of(shop, subscription) == REFUNDED
    license = shop.license_of(subscription)
    assert license
    assert license["managed_by"] == "stripe"
    key = shop.place.post("keys", {"license": license["id"]})["secret"]
    assert "refunded" in shop.place.verify_until("LICENSE_SUSPENDED", key=key)["detail"]
    move_on(shop, 32)
    shop.settle()
    assert status_of(shop, subscription) == ACTIVE


@pytest.mark.parametrize(("outcome", "status"), [("won", ACTIVE), ("warning_closed", ACTIVE), ("lost", DISPUTED)])
def test_a_dispute_suspends_while_it_is_open_and_when_it_is_lost(
    shop: Shop, outcome: str, status: tuple[str, str | None]
) -> None:
    decide(shop, on_dispute="suspend")
    subscription = subscribed(shop)
    opened = shop.account.people.opens_dispute(charge_of(shop, subscription), is_inquiry=outcome == "warning_closed")
    shop.settle()
    assert status_of(shop, subscription) == DISPUTED
    shop.account.people.closes_dispute(opened["id"], outcome)
    shop.settle()
    assert status_of(shop, subscription) == status


def test_by_default_nothing_is_done_nor_asked_until_it_is_decided(shop: Shop) -> None:
    refunded, disputed = subscribed(shop), subscribed(shop)
    shop.account.people.refunds(charge_of(shop, refunded))
    shop.account.people.opens_dispute(charge_of(shop, disputed))
    shop.settle()
    assert [status_of(shop, one) for one in (refunded, disputed)] == [ACTIVE, ACTIVE]
    assert asked(shop) == 0
    decide(shop, on_refund="suspend", on_dispute="suspend")
    assert [status_of(shop, one) for one in (refunded, disputed)] == [REFUNDED, DISPUTED]
    assert asked(shop) > 0
    decide(shop, on_refund="nothing", on_dispute="nothing")
    assert [status_of(shop, one) for one in (refunded, disputed)] == [ACTIVE, ACTIVE]


def test_a_charge_whose_customer_could_not_be_asked_for_waits(shop: Shop) -> None:
    decide(shop, on_dispute="suspend")
    subscription, organization = subscribed(shop), shop.place.environment.organization_id
    shop.stripe.faults.add("500 before", "GET /v1/charges/{}", account=shop.account.id)
    shop.account.people.opens_dispute(charge_of(shop, subscription))
    shop.deliver()
    with tenant_transaction(organization):
        waiting = StripeEvent.objects.of_organization(organization).filter(charge__isnull=False).first()
    assert waiting
    find_customer(organization, waiting.pk, now=clock.now())
    assert status_of(shop, subscription) == ACTIVE
    shop.stripe.faults.clear()

    def is_suspended() -> bool:
        sweep_stuck(now=clock.now())
        return status_of(shop, subscription) == DISPUTED

    shop.until(is_suspended)


def test_an_invoice_of_nothing_is_no_newer_one(shop: Shop) -> None:
    decide(shop, on_refund="suspend")
    subscription = shop.subscribe(quantity=5)
    shop.account.people.refunds(charge_of(shop, subscription))
    fewer = {"items": [{"id": shop.item_of(subscription), "quantity": 1}], "proration_behavior": "always_invoice"}
    shop.account.people.changes_subscription(subscription, fewer)
    newest = shop.client.v1.invoices.list({"subscription": subscription, "limit": 1}).data[0]
    assert (newest.status, newest.amount_paid) == ("paid", 0)
    shop.settle()
    assert status_of(shop, subscription) == REFUNDED
