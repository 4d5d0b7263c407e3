"""What goes wrong at Stripe, at the vendor's or here leaves no license behind, and is over when its cause is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from billing import tasks
from billing.actions import converging, sweeping
from billing.models import StripeConnection, StripeCustomer
from billing.stripe import reading
from billing.stripe.trouble import NotPermitted
from tenants import clock
from tenants.tenancy import tenant_transaction
from tests.billing.actions.test_converging import look_at, status_of
from tests.billing.actions.test_refunds_and_disputes import ACTIVE, DISPUTED, charge_of, decide
from tests.billing.actions.test_sweeping import by_comparing, of_connection
from tests.billing.api.test_connection import PATH, READS, code_of
from tests.billing.shops import Shop
from verify.ground.ids import new_uuid


def row_of(shop: Shop, stripe_id: str) -> StripeCustomer:
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        found: StripeCustomer = StripeCustomer.objects.of_organization(organization).get(stripe_id=stripe_id)
    return found


def forget(shop: Shop, *tables: str) -> dict[str, Any]:
    """As if Stripe had never had them; gives what it had."""
    return {name: shop.account.tables.pop(name) for name in tables}


@pytest.fixture
def restricted(new_shop: Callable[..., Shop]) -> Shop:
    """Its key may not read whose account it is, as is the rule with restricted ones."""
    shop = new_shop({**READS, "product": "write", "price": "write", "plan": "write", "customer": "write"})
    shop.account.permissions |= {"subscription": "write"}
    assert shop.connect()["account"] is None
    shop.sell()
    return shop


def test_an_account_that_cannot_be_read_is_known_again_by_its_customers(restricted: Shop) -> None:
    shop, customer = restricted, restricted.new_customer(card="")
    subscription = shop.subscribe(customer, trial_period_days=14)
    shop.place.api.post(f"{PATH}/resync", json={"customer": customer}).raise_for_status()
    shop.until(lambda: shop.license_of(subscription))
    before = shop.connection["connection_uid"]
    assert shop.place.api.delete(PATH).status_code == 200
    assert shop.connect()["connection_uid"] == before
    shop.until(lambda: shop.state()["compared_at"] and shop.state()["pending"] == 0)
    assert shop.license_of(subscription)  # which looks that there is but one


def test_a_key_of_another_account_is_refused_though_neither_can_be_read(
    restricted: Shop, new_shop: Callable[..., Shop]
) -> None:
    customer = restricted.new_customer(card="")
    restricted.subscribe(customer, trial_period_days=14)
    restricted.place.api.post(f"{PATH}/resync", json={"customer": customer}).raise_for_status()
    restricted.until(lambda: row_of(restricted, customer).fetched_at)
    other = new_shop(READS)
    answer = restricted.place.api.patch(PATH, json={"api_key": other.account.api_key})
    assert code_of(answer) == (400, "other_account")


def test_what_was_not_there_for_a_while_is_found_again_by_comparing(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    had = forget(shop, "subscription")
    look_at(shop, customer)
    assert status_of(shop, subscription) == ("ended", "subscription_deleted")
    shop.account.tables |= had
    assert by_comparing(shop) == 1
    shop.until(lambda: status_of(shop, subscription) == ACTIVE)


def test_a_customer_that_is_there_no_more_has_no_license_that_goes_on(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    had = forget(shop, "subscription", "customer")
    assert look_at(shop, customer) is None
    shop.account.tables |= had
    assert status_of(shop, subscription) == ("ended", "customer_deleted")
    assert row_of(shop, customer).gone
    by_comparing(shop)
    shop.until(lambda: status_of(shop, subscription) == ACTIVE)
    assert not row_of(shop, customer).gone


def test_a_404_that_is_not_stripes_own_word_ends_no_license(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    shop.stripe.faults.add("404", account=shop.account.id)
    assert look_at(shop, customer)
    assert (status_of(shop, subscription), row_of(shop, customer).failures) == (ACTIVE, 1)


def test_a_deleted_customer_is_offered_to_nobody_again(shop: Shop) -> None:
    customer = shop.new_customer()
    shop.subscribe(customer)
    shop.settle()
    shop.client.v1.customers.delete(customer)
    shop.settle()
    assert row_of(shop, customer).gone


def test_an_own_endpoints_secret_stays_though_the_new_key_could_make_one(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(READS)
    assert shop.connect()["webhook_status"] == "needs_secret"
    shop.account.permissions |= {"webhook": "write", "webhook_endpoint": "write"}
    rolled = shop.stripe.roll_key(shop.account)
    changed = shop.place.api.patch(PATH, json={"api_key": rolled, "webhook_secret": "whsec_madeByHand1234"})
    assert (changed.status_code, changed.json()["webhook_status"]) == (200, "enabled")
    assert shop.account.all("webhook_endpoint") == []


def test_a_secret_given_while_everything_is_compared_stays_in_force(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = new_shop(READS)
    shop.connect()
    shop.until(lambda: shop.state()["compared_at"])
    given = {"webhook_secret": "whsec_madeByHand1234"}

    def pages(*asked: Any) -> Any:
        shop.place.api.patch(PATH, json=given).raise_for_status()
        return reading.pages(*asked)

    monkeypatch.setattr(sweeping, "pages", pages)
    by_comparing(shop)
    assert shop.state()["webhook_status"] == "enabled"


def test_a_bug_is_told_and_waits_longer_each_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = shop.new_customer()
    shop.subscribe(customer)
    shop.settle()

    def breaks(*_: Any, **__: Any) -> bool:
        raise KeyError("items")

    monkeypatch.setattr(converging, "settle", breaks)
    with pytest.raises(KeyError):
        look_at(shop, customer)
    row = row_of(shop, customer)
    assert (row.failures, row.lease_until, row.last_error) == (1, None, "This failed on our side: KeyError")
    assert row.not_before


def test_a_key_that_cannot_be_opened_is_as_one_that_stripe_refuses(shop: Shop) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        StripeConnection.objects.of_organization(organization).update(sealed_api_key=b"of another ring")
    look_at(shop, customer)
    assert (shop.state()["key_status"], status_of(shop, subscription)) == ("refused", ACTIVE)
    selling = {"plan": shop.plan, "success_url": "https://example.com", "cancel_url": "https://example.com"}
    assert code_of(shop.place.api.post("/v1/checkout_sessions", json=selling)) == (422, "stripe_declined")
    assert shop.place.api.patch(PATH, json={"on_refund": "suspend"}).status_code == 400
    assert shop.place.api.delete(PATH).status_code == 200


@pytest.mark.parametrize(("again", "begun"), [(None, 0), (2.0, 1), (900.0, 0)])
def test_what_is_to_be_done_much_later_is_left_to_the_round(
    monkeypatch: pytest.MonkeyPatch, again: float | None, begun: int
) -> None:
    calls: list[float] = []
    monkeypatch.setattr(converging, "converge", lambda *_, **__: again)
    monkeypatch.setattr(tasks.converge, "apply_async", lambda *_, countdown, **__: calls.append(countdown))
    tasks.converge(str(new_uuid()), str(new_uuid()))
    assert len(calls) == begun


def test_a_dispute_that_opened_while_nobody_was_connected_is_seen_after_it(shop: Shop) -> None:
    decide(shop, on_dispute="suspend")
    subscription = shop.subscribe()
    shop.settle()
    assert shop.place.api.delete(PATH).status_code == 200
    shop.account.people.opens_dispute(charge_of(shop, subscription))
    forget(shop, "event")  # what is older than a sweep looks back is in no list
    shop.connect(on_dispute="suspend")
    shop.until(lambda: status_of(shop, subscription) == DISPUTED)


def test_a_key_that_a_sweep_finds_refused_is_called_so_until_it_has_what_it_lacked(shop: Shop) -> None:
    shop.until(lambda: shop.state()["compared_at"])
    customer = shop.new_customer()
    shop.subscribe(customer)
    shop.settle()
    held = dict(shop.account.permissions)
    sweeps = [("event", sweeping.sweep_events, sweeping.sweep_events), ("subscription", sweeping.compare, None)]
    for lacked, refused, accepted in sweeps:
        del shop.account.permissions[lacked]
        with pytest.raises(NotPermitted):
            refused(*of_connection(shop), now=clock.now())
        assert shop.state()["key_status"] == "refused"
        shop.account.permissions |= held
        if accepted:
            accepted(*of_connection(shop), now=clock.now())
        else:
            look_at(shop, customer)
        assert shop.state()["key_status"] == "accepted"


def test_a_refused_key_is_tried_with_one_customer_and_another_key_with_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization, later = shop.place.environment.organization_id, clock.now() + timedelta(days=1)
    for _ in range(2):
        shop.place.post("stripe_connection/resync", {"customer": shop.new_customer(card="")}, status=200)
    shop.until(lambda: shop.state()["pending"] == 0)
    with tenant_transaction(organization):
        StripeConnection.objects.of_organization(organization).update(key_status="refused")
        rows = StripeCustomer.objects.of_organization(organization)
        rows.update(sync_requested=F("sync_done") + 1, waiting_since=clock.now(), not_before=later)
    handed_out: list[StripeCustomer] = []
    monkeypatch.setattr(sweeping, "hand_out_converging", handed_out.append)
    monkeypatch.setattr(sweeping, "_request_what_came", lambda _: 0)  # of a day that is still to come, for everybody
    sweeping.sweep_stuck(now=later)
    assert [row.organization_id for row in handed_out].count(organization) == 1
    assert shop.state()["pending"] == 2
    rolled = shop.stripe.roll_key(shop.account)
    shop.place.api.patch(PATH, json={"api_key": rolled}).raise_for_status()
    shop.until(lambda: shop.state()["pending"] == 0)


def test_a_round_that_waited_behind_another_does_nothing(shop: Shop) -> None:
    shop.until(lambda: shop.state()["compared_at"])
    sweeping.sweep_events(*of_connection(shop), now=clock.now())
    lists = ("GET /v1/subscriptions", "GET /v1/events")

    def asked() -> list[int]:
        return [shop.stripe.requests(route, shop.account) for route in lists]

    before = asked()
    sweeping.compare(*of_connection(shop), now=clock.now(), only_if_due=True)
    sweeping.sweep_events(*of_connection(shop), now=clock.now(), only_if_due=True)
    assert asked() == before
    sweeping.compare(*of_connection(shop), now=clock.now())
    assert asked()[0] > before[0]
