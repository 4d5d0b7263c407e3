"""A year of a business in injected time: whatever becomes of the news, licenses are what Stripe says, month by month.

Here is the post office, and an oracle that reads the simulator's objects and shares no code with the product.
"""

import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app

from billing.actions import sweeping
from billing.actions.converging import converge
from billing.actions.inbox import receive
from billing.models import StripeCustomer, StripeSubscription
from billing.models.customer import WAITING
from billing.queries.connections import Presented
from billing.rules import waiting
from billing.stripe import budget
from licensing.actions.billing import tell_billing
from licensing.models import License
from tenants.models import AuditEntry
from tenants.rules.permissions import system
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop
from tests.running.prove import Figure
from tests.stripe_simulator import DAY
from tests.stripe_simulator.refusals import StripeRefusal
from tests.stripe_simulator.webhooks.signing import signature
from verify.ground.ids import decode

FULL_CUSTOMERS, YEAR, A_THIRD, MONTH = 200, 365, 120, 30
SECRET = "whsec_ofTheYear123"
GRACE_DAYS = 5  # shorter than Stripe goes on trying, so that grace also ends
LOST, LATE, LATE_DAYS, COPIES, FAILING = 0.10, 0.05, 2, 3, 0.05
LIVING = ("active", "trialing", "past_due")


class Business:
    """Time, the post, and what customers do; all chance comes from one seed."""

    def __init__(self, shop: Shop, customers: int) -> None:
        self.shop, self.chance = shop, random.Random(6)
        uid = decode("conn", shop.connection["connection_uid"])
        assert uid
        environment = shop.place.environment
        self.presented = Presented(uid, environment.organization_id, environment.id)
        self.plans = {shop.price: shop.plan}
        larger = shop.new_price(cents=5000)
        self.plans[larger] = shop.new_plan("larger", [larger], grace_days=GRACE_DAYS)
        self.customers = [shop.new_customer() for _ in range(customers)]
        self.failing: set[str] = set()
        self.delivered, self.late = 0, []  # type: ignore[var-annotated]  # pairs of a moment and an event
        self.sent = 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.shop.account.clock.now, UTC)

    def subscriptions(self, of: str = "") -> list[dict[str, Any]]:
        return [one for one in self.shop.account.all("subscription") if of in ("", one["customer"])]

    def live_a_day(self) -> None:
        for customer in self.customers:
            if self.chance.random() < 1 / 10:
                try:
                    self._something(customer)
                except StripeRefusal:  # it does not go with how things are: a customer would be told so
                    continue
        self.shop.account.clock.advance(DAY)

    def _something(self, customer: str) -> None:
        living = [one for one in self.subscriptions(customer) if one["status"] in LIVING]
        if not living:
            self._buys(customer)
            return
        one, what = self.chance.choice(living), self.chance.choice(("change", "cancel", "card", "pause", "pay"))
        people = self.shop.account.people
        if what == "change":
            wanted = self.chance.choice(({"quantity": self.chance.randint(1, 9)}, {"price": self._price()}))
            people.changes_subscription(one["id"], {"items": [{"id": one["items"]["data"][0]["id"], **wanted}]})
        elif what == "cancel":
            people.cancels(one["id"], at_once=self.chance.random() < 0.3)
        elif what == "card":
            self.failing ^= {customer}
            (people.card_fails if customer in self.failing else people.card_works)(customer)
        elif what == "pause":
            pauses = {"behavior": "void"} if one["pause_collection"] is None else ""
            people.changes_subscription(one["id"], {"pause_collection": pauses})
        else:
            self._pays(customer)

    def _price(self) -> str:
        return self.chance.choice(list(self.plans))

    def _buys(self, customer: str) -> None:
        item = {"price": self._price(), "quantity": self.chance.randint(1, 9)}
        asked: Any = {"customer": customer, "items": [item], "payment_behavior": "allow_incomplete"}
        if self.chance.random() < 0.3:
            asked["trial_period_days"] = 14
        self.shop.client.v1.subscriptions.create(asked)

    def _pays(self, customer: str) -> None:
        people = self.shop.account.people
        people.card_works(customer)
        self.failing -= {customer}
        for invoice in self.shop.account.all("invoice"):
            if invoice["customer"] == customer and invoice["status"] == "open":
                people.pays(invoice["id"])

    def deliver(self) -> None:
        """Tripled, shuffled, a tenth lost, some two days late."""
        events = self.shop.account.all("event")
        fresh, self.delivered = events[self.delivered :], len(events)
        ready = [event for moment, event in self.late if moment <= self.now]
        self.late = [(moment, event) for moment, event in self.late if moment > self.now]
        for event in fresh:
            if self.chance.random() < LOST:
                continue
            if self.chance.random() < LATE:
                self.late.append((self.now + timedelta(days=LATE_DAYS), event))
            else:
                ready += [event] * COPIES
        self.chance.shuffle(ready)
        for event in ready:
            body = json.dumps(event).encode()
            header = signature(body, [SECRET], int(self.now.timestamp()))
            receive(self.presented, body=body, header=header, now=self.now)
            self.sent += 1

    def converge(self) -> None:
        """What the worker would do, at this moment."""
        organization = self.presented.organization_id
        with tenant_transaction(organization):
            found = list(StripeCustomer.objects.within(self.presented).filter(WAITING).order_by("id"))
        for row in found:
            if row.not_before is None or row.not_before <= self.now:
                converge(organization, row.id, now=self.now, hurried=True)

    def sweep(self) -> None:
        """Events that never came, whoever waits, and what the clock brought."""
        for _ in range(20):
            sweeping.sweep_events(self.presented.organization_id, self.presented.connection_id, now=self.now)
            sweeping.compare(self.presented.organization_id, self.presented.connection_id, now=self.now)
            self.converge()
            if self.shop.state()["pending"] == 0:
                break
            self.shop.account.clock.advance(1000)  # longer than anybody who failed is left alone
        self.tell()

    def tell(self) -> None:
        with tenant_transaction(self.presented.organization_id):
            found = list(License.objects.within(self.presented).filter(managed_by="stripe"))
        for row in found:
            tell_billing(row.id, within=self.presented, by=system(), now=self.now)

    def expected(self, seen: dict[str, Any]) -> tuple[str, str, int, int | None]:
        """The oracle: status, plan, seats and end of the license, from Stripe's own objects."""
        now, item = self.shop.account.clock.now, seen["items"]["data"][0]
        status = {"incomplete": "pending", "incomplete_expired": "ended", "canceled": "ended"}.get(
            seen["status"], {"unpaid": "suspended", "paused": "suspended"}.get(seen["status"], seen["status"])
        )
        if status == "past_due":
            unpaid = [
                invoice["status_transitions"]["finalized_at"]
                for invoice in self.shop.account.all("invoice")
                if invoice["status"] == "open"
                and invoice["parent"]["subscription_details"]["subscription"] == seen["id"]
            ]
            since = min(unpaid, default=item["current_period_start"])
            status = "grace" if now < since + GRACE_DAYS * DAY else "suspended"
        if (seen["pause_collection"] or {}).get("behavior") == "void" and status in ("active", "trialing", "grace"):
            status = "suspended"
        planned, ended = seen["cancel_at"], seen["ended_at"]
        end = None if planned and ended and ended < planned else planned
        return status, self.plans[item["price"]["id"]], item["quantity"], end

    def found(self) -> dict[str, tuple[str, str, int, int | None]]:
        with tenant_transaction(self.presented.organization_id):
            mirrors = StripeSubscription.objects.within(self.presented).filter(license__isnull=False)
            return {mirror.stripe_id: self._told(mirror.license) for mirror in mirrors.select_related("license__plan")}

    def _told(self, row: License) -> tuple[str, str, int, int | None]:
        end = None if row.expires_at is None else int(row.expires_at.timestamp())
        return str(row.standing(self.now).status), row.plan.public_id, row.quantity, end

    def differing(self) -> list[Any]:
        found = self.found()
        wanted = {one["id"]: self.expected(one) for one in self.subscriptions()}
        # One that was over before anybody looked has no license, and needs none.
        needless = {name for name, told in wanted.items() if name not in found and told[0] == "ended"}
        return [
            (name, wanted[name], found.get(name))
            for name in wanted.keys() - needless
            if wanted[name] != found.get(name)
        ]

    def told_twice(self) -> list[Any]:
        """Licenses whose audited statuses do not lead from one to the next up to the present."""
        wrong = []
        with tenant_transaction(self.presented.organization_id):
            for row in License.objects.within(self.presented).filter(managed_by="stripe"):
                entries = (
                    AuditEntry.objects.of_organization(row.organization_id)
                    .filter(subject_id=row.public_id)
                    .order_by("id")
                )
                told = [entry.changes["status"] for entry in entries.order_by("id") if "status" in entry.changes]
                chain = [told[0], *(one["to"] for one in told[1:])]
                if [one["from"] for one in told[1:]] != chain[:-1] or chain[-1] != row.standing(self.now).status:
                    wrong.append((row.public_id, told))
        return wrong


@contextmanager
def no_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody but this test acts, at its own time; a broker that is away is no reason to fail."""
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(budget, "TEST_PER_SECOND", 100_000)
    monkeypatch.setattr(waiting, "FIRST_SECONDS", 0.001)
    logging.getLogger("licet.billing").setLevel(logging.ERROR)
    yield
    logging.getLogger("licet.billing").setLevel(logging.NOTSET)


@pytest.mark.prove
def test_after_each_month_of_a_year_every_license_is_what_stripe_says(
    new_shop: Any, monkeypatch: pytest.MonkeyPatch, scale: float, figure: Figure
) -> None:
    shop: Shop = new_shop()
    shop.connect(webhook_secret=SECRET)
    shop.until(lambda: shop.state()["compared_at"])
    shop.sell(grace_days=GRACE_DAYS)
    business = Business(shop, max(8, round(FULL_CUSTOMERS * scale)))
    days = YEAR if scale >= 1 else A_THIRD
    with no_worker(monkeypatch):
        for day in range(1, days + 1):
            business.live_a_day()
            business.deliver()
            shop.stripe.faults.add("500 before", rate=FAILING)
            shop.stripe.faults.down_for = {None} if day == days // 2 else set()
            business.converge()
            shop.stripe.faults.clear()
            budget.is_back(str(business.presented.connection_id))
            if day % MONTH == 0 or day == days:
                business.sweep()
                assert business.differing() == [], day
    assert business.told_twice() == []
    figure("days", days, "")
    figure("customers", len(business.customers), "")
    figure("subscriptions", len(business.subscriptions()), "")
    figure("webhooks", business.sent, "")
    figure("licenses otherwise than Stripe says, at a month's end", 0, "")
