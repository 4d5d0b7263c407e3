"""Bursts, deaths and how long it takes: converging is the same whatever happens on the way."""

import json
import signal
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F

from billing.actions.converging import LEASE, converge
from billing.models import StripeCustomer
from tenants import clock
from tenants.models import AuditEntry
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.running.clients import plain_client
from tests.running.nodes import running
from tests.running.prove import Figure
from tests.stripe_simulator.webhooks.signing import signature

FULL_CUSTOMERS, EVENTS_EACH, SENDERS = 40, 50, 8
MOST_FETCHES = 3
FULL_DEATHS = 20
FAILPOINTS = tuple(f"converge.{name}" for name in ("after_claim", "after_fetch", "before_commit", "after_commit"))
FULL_CHANGES, SLOWEST_SECONDS = 100, 10.0  # so slow is a fault, and not a busy machine
DIES = """
import django
django.setup()
from uuid import UUID
from billing.actions.converging import converge
from tenants import clock
converge(UUID("{}"), UUID("{}"), now=clock.now(), hurried=True)
"""


def told(customer: str, number: int) -> bytes:
    about = {"id": f"sub_{number}", "object": "subscription", "customer": customer}
    event = {"id": f"evt_{customer}{number}", "object": "event", "type": "customer.subscription.updated"}
    return json.dumps(event | {"livemode": False, "created": int(time.time()), "data": {"object": about}}).encode()


@pytest.mark.prove
def test_a_burst_of_events_is_taken_in_and_costs_few_looks(shop: Shop, scale: float, figure: Figure) -> None:
    customers = [shop.new_customer() for _ in range(max(4, round(FULL_CUSTOMERS * scale)))]
    subscriptions = [shop.subscribe(customer) for customer in customers]
    endpoint = shop.account.all("webhook_endpoint")[0]
    secret = shop.account.private[endpoint["id"]]["secrets"][0]["secret"]
    bodies = [told(customer, number) for number in range(EVENTS_EACH) for customer in customers]
    before = shop.stripe.requests("GET /v1/subscriptions")

    def send(body: bytes) -> int:
        headers = {"Stripe-Signature": signature(body, [secret], int(time.time()))}
        status: int = client.post(shop.connection["webhook_url"], content=body, headers=headers).status_code
        return status

    began = time.monotonic()
    with plain_client("") as client, ThreadPoolExecutor(SENDERS) as senders:
        assert set(senders.map(send, bodies)) == {200}
    seconds = time.monotonic() - began
    shop.until(lambda: shop.state()["pending"] == 0)
    looks = shop.stripe.requests("GET /v1/subscriptions") - before
    for subscription in subscriptions:
        found = shop.license_of(subscription)
        assert found
        assert found["status"] == "active"
    figure("events", len(bodies), "")
    figure("taken in", round(len(bodies) / seconds), "/s")
    figure("looks at Stripe per customer", round(looks / len(customers), 2), "")
    assert looks <= MOST_FETCHES * len(customers)


def row_of(shop: Shop, customer: str) -> StripeCustomer:
    organization = shop.place.environment.organization_id
    with tenant_transaction(organization):
        found: StripeCustomer = StripeCustomer.objects.of_organization(organization).get(stripe_id=customer)
    return found


def die_at(failpoint: str, row: StripeCustomer, folder: Path) -> None:
    words = ["-c", DIES.format(row.organization_id, row.id)]
    with running(words, "", folder / "died.log", {"LICET_FAILPOINTS": f"{failpoint}=kill"}) as died:
        assert died.process.wait(timeout=60) == -signal.SIGKILL, died.log.read_text()


def changes_of(organization: UUID, license: str) -> list[dict[str, Any]]:
    with tenant_transaction(organization):
        entries = AuditEntry.objects.of_organization(organization).filter(subject_id=license).order_by("id")
        return [entry.changes for entry in entries if "quantity" in entry.changes]


@pytest.mark.prove
def test_a_worker_that_is_killed_at_any_step_neither_loses_nor_repeats(
    shop: Shop, tmp_path: Path, scale: float, figure: Figure
) -> None:
    customer = shop.new_customer()
    subscription = shop.subscribe(customer)
    shop.settle()
    shop.stripe.webhooks.faults.drop = 1.0
    organization, row, seats = shop.place.environment.organization_id, row_of(shop, customer), 1
    item, started = shop.item_of(subscription), shop.license_of(subscription)
    assert started
    for failpoint in FAILPOINTS * max(1, round(FULL_DEATHS * scale)):
        seats += 1
        shop.account.people.changes_subscription(subscription, {"items": [{"id": item, "quantity": seats}]})
        with tenant_transaction(organization):
            waiting = StripeCustomer.objects.of_organization(organization).filter(pk=row.pk)
            asked = {"sync_requested": F("sync_requested") + 1, "waiting_since": clock.now(), "lease_until": None}
            waiting.update(**asked, not_before=clock.now() + timedelta(days=1))  # so that no sweep hands it out
        die_at(failpoint, row, tmp_path)
        converge(organization, row.id, now=clock.now() + LEASE + timedelta(seconds=1), hurried=True)
        found = shop.license_of(subscription)
        assert found
        assert found["quantity"] == seats, failpoint
    told = changes_of(organization, started["id"])
    assert told == [{"quantity": {"from": number, "to": number + 1}} for number in range(1, seats)]
    figure("deaths", seats - 1, "")
    figure("changes lost or told twice", 0, "")


@pytest.mark.prove
def test_a_webhook_changes_the_verdict_soon(new_shop: Callable[..., Shop], scale: float, figure: Figure) -> None:
    shop = new_shop()
    shop.connect()
    shop.sell()
    took = []
    for _ in range(max(2, round(FULL_CHANGES * scale))):
        subscription = shop.subscribe()
        shop.settle()
        found = shop.license_of(subscription)
        assert found
        key = shop.place.post("keys", {"license": found["id"]})["secret"]
        shop.place.verify_until("VALID", key=key)
        shop.account.people.cancels(subscription, at_once=True)
        began = time.monotonic()
        shop.stripe.deliver()
        shop.until(lambda key=key: shop.place.verify(key=key)["code"] == "LICENSE_EXPIRED")  # type: ignore[misc]  # a loop's value
        took.append(time.monotonic() - began)
    took.sort()
    assert took[-1] < SLOWEST_SECONDS
    figure("changes", len(took), "")
    figure("from webhook to verdict, median", round(statistics.median(took), 3), "s")
    figure("from webhook to verdict, p95", round(took[min(len(took) - 1, int(len(took) * 0.95))], 3), "s")
