"""The license is what the subscription says, through real webhooks, a real worker and a Stripe of one's own."""

import time
from datetime import timedelta
from typing import Any

import pytest

from billing.actions.converging import converge
from billing.actions.settling import settle
from billing.models import StripeCustomer
from billing.stripe.reading import Fetched
from tenants import clock
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.stripe_simulator import DAY
from tests.tenants.actions.chains import until_sequenced


def license_of(shop: Shop, subscription: str) -> dict[str, Any]:
    found = shop.license_of(subscription)
    assert found is not None
    return found


def status_of(shop: Shop, subscription: str) -> tuple[str, str | None]:
    found = license_of(shop, subscription)
    return found["status"], found["status_reason"]


def look_at(shop: Shop, stripe_id: str, *, later: timedelta = timedelta(0)) -> float | None:
    """Converges in this process, whatever was told."""
    organization, now = shop.place.environment.organization_id, clock.now() + later
    with tenant_transaction(organization):
        row = StripeCustomer.objects.of_organization(organization).get(stripe_id=stripe_id)
        StripeCustomer.objects.of_organization(organization).filter(pk=row.pk).update(sync_requested=10**6)
    return converge(organization, row.id, now=now, hurried=True)


def text(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def move_on(shop: Shop, days: float) -> None:
    shop.account.clock.advance(int(days * DAY))


def test_a_subscription_makes_a_license_that_its_keys_work_by(shop: Shop) -> None:
    subscription = shop.subscribe(quantity=3)
    shop.settle()
    found = license_of(shop, subscription)
    assert (found["status"], found["quantity"], found["plan"]) == ("active", 3, shop.plan)
    assert (found["managed_by"], found["expires_at"]) == ("stripe", None)
    customer = shop.place.api.get(f"/v1/customers/{found['customer']}").json()
    assert (customer["name"], customer["email"]) == ("Ada", "ada@example.com")
    key = shop.place.post("keys", {"license": found["id"]})["secret"]
    shop.place.verify_until("VALID", key=key)
    shop.account.people.cancels(subscription, at_once=True)
    shop.settle()
    assert shop.place.verify_until("LICENSE_EXPIRED", key=key)["license"]["status"] == "ended"


def test_seats_and_plan_follow_at_once(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.settle()
    larger = shop.new_price(cents=5000)
    plan = shop.new_plan("larger", [larger])
    item = shop.item_of(subscription)
    shop.account.people.changes_subscription(subscription, {"items": [{"id": item, "price": larger, "quantity": 7}]})
    shop.settle()
    found = license_of(shop, subscription)
    assert (found["plan"], found["quantity"]) == (plan, 7)


@pytest.mark.parametrize("apply_to", ["all", "new"])
def test_a_price_that_another_plan_sells_now_moves_only_who_is_not_pinned(shop: Shop, apply_to: str) -> None:
    moved, customer = shop.new_price(), shop.new_customer()
    first = shop.new_plan("first", [shop.new_price(), moved])
    subscription = shop.subscribe(customer, price=moved)
    shop.settle()
    assert license_of(shop, subscription)["plan"] == first
    shop.place.api.patch(f"/v1/plans/{first}", json={"stripe_price_ids": [shop.new_price()]}).raise_for_status()
    shop.place.post(f"plans/{first}/publication", {"apply_to": apply_to}, status=200)
    second = shop.new_plan("second", [moved])
    look_at(shop, customer)
    assert license_of(shop, subscription)["plan"] == {"all": second, "new": first}[apply_to]


@pytest.mark.parametrize("given", ["licet_customer", "external_id", "known"])
def test_the_customer_is_the_one_that_is_meant(shop: Shop, given: str) -> None:
    ours = shop.place.sample["customer"]
    shop.place.api.patch(f"/v1/customers/{ours}", json={"external_id": "ext-1"}).raise_for_status()
    metadata = {"licet_customer": {"licet_customer": ours}, "external_id": {"external_id": "ext-1"}}
    named = metadata.get(given, {"licet_customer": "ext-1"})
    subscription = shop.subscribe(shop.new_customer(metadata=named))
    shop.settle()
    assert license_of(shop, subscription)["customer"] == ours


def test_each_subscription_of_a_customer_has_its_own_license(shop: Shop) -> None:
    customer = shop.new_customer()
    first, second = shop.subscribe(customer), shop.subscribe(customer, quantity=2)
    shop.settle()
    assert license_of(shop, first)["id"] != license_of(shop, second)["id"]
    shop.account.people.cancels(first, at_once=True)
    shop.settle()
    assert (status_of(shop, first)[0], status_of(shop, second)[0]) == ("ended", "active")


def test_a_trial_an_unpaid_first_invoice_and_a_pause(shop: Shop) -> None:
    trial = shop.subscribe(trial_period_days=7)
    unpaid = shop.subscribe(shop.new_customer("pm_card_chargeCustomerFail"), payment_behavior="allow_incomplete")
    paused = shop.subscribe()
    shop.account.people.changes_subscription(paused, {"pause_collection": {"behavior": "void"}})
    shop.settle()
    assert status_of(shop, trial)[0] == "trialing"
    assert license_of(shop, trial)["trial_ends_at"] is not None
    assert status_of(shop, unpaid) == ("pending", "incomplete")
    assert status_of(shop, paused) == ("suspended", "paused")


def test_a_planned_end_is_the_licenses_end(shop: Shop) -> None:
    subscription = shop.subscribe()
    ends = shop.account.people.cancels(subscription)["cancel_at"]
    shop.settle()
    found = license_of(shop, subscription)
    assert (found["status"], found["expires_at"]) == ("active", text(ends))


def test_grace_runs_from_the_first_unpaid_invoice_and_payment_ends_it(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.account.people.card_fails(customer)
    move_on(shop, 33)
    shop.settle()
    (invoice,) = [one for one in shop.account.all("invoice") if one["status"] == "open"]
    asked = invoice["status_transitions"]["finalized_at"]
    found = license_of(shop, subscription)
    assert found["grace_ends_at"] == text(asked + 14 * DAY)
    assert found["status"] == "grace"
    shop.account.people.card_works(customer)
    shop.account.people.pays(invoice["id"])
    shop.settle()
    assert status_of(shop, subscription) == ("active", None)


def test_a_price_that_no_plan_has_leaves_the_license_as_it_is_and_is_seen(shop: Shop) -> None:
    subscription, stranger = shop.subscribe(), shop.subscribe(price=shop.new_price())
    shop.settle()
    assert shop.license_of(stranger) is None
    assert shop.state()["drifting"] == [{"subscription": stranger, "license": None, "reason": "unmapped_price"}]
    before = license_of(shop, subscription)
    item = shop.item_of(subscription)
    other = {"items": [{"id": item, "price": shop.new_price(), "quantity": 9}]}
    shop.account.people.changes_subscription(subscription, other)
    shop.settle()
    assert {**license_of(shop, subscription), "paid_until": before["paid_until"]} == before
    assert shop.state()["drift"] == 2


def test_a_deleted_customer_has_no_license_that_goes_on(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    shop.client.v1.customers.delete(customer)
    shop.settle()
    assert status_of(shop, subscription)[0] == "ended"


def test_holds_by_hand_stay_whatever_the_subscription_does(shop: Shop) -> None:
    subscription = shop.subscribe()
    shop.settle()
    name = license_of(shop, subscription)["id"]
    shop.place.post(f"licenses/{name}/suspension", {"reason": "abuse"}, status=200)
    shop.account.people.changes_subscription(subscription, {"metadata": {"a": "b"}})
    shop.settle()
    assert status_of(shop, subscription) == ("suspended", "abuse")


def test_while_stripe_is_away_licenses_stay_and_who_waits_is_seen(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    before = license_of(shop, subscription)
    shop.stripe.goes_down()
    assert look_at(shop, customer) is not None
    assert shop.state()["pending"] == 1
    assert license_of(shop, subscription) == before
    shop.stripe.comes_back()


def test_who_lost_the_lease_writes_nothing(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        row = StripeCustomer.objects.of_organization(organization).get(stripe_id=customer)
    late = Fetched(None, (), gone=True, missing=(subscription,))
    assert not settle(row, late, fence=row.fence - 1, number=row.sync_requested, now=clock.now())
    assert status_of(shop, subscription)[0] == "active"


def test_each_change_is_told_once_however_often_stripe_tells_it(shop: Shop) -> None:
    shop.stripe.webhooks.faults.copies, shop.stripe.webhooks.faults.window = 3, 20
    subscription = shop.subscribe()
    shop.settle()
    shop.account.people.cancels(subscription, at_once=True)
    shop.settle()
    name = license_of(shop, subscription)["id"]
    until_sequenced(shop.place.environment.organization_id)
    events = shop.place.api.get("/v1/events", params={"subject": name}).json()["data"]
    assert [one["type"] for one in events] == ["license.created", "license.ended"]
