"""What a year brings to whoever sells through Stripe: customers who come, change, do not pay, pause and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from tests.billing.shops import Shop
from tests.stripe_simulator import DAY
from tests.stripe_simulator.refusals import StripeRefusal

OVER = ("canceled", "incomplete_expired")
SHORT_GRACE_DAYS, LONG_GRACE_DAYS = 4, 14  # Stripe tries for fifteen days: the one ends before, the other hardly
COMES_BACK = 0.3
DAYS_BETWEEN = 40  # between two acts of one customer
CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeCustomerFail")


Act = Callable[[str, dict[str, Any]], None]  # of a customer, on a subscription


class Business:
    """All chance comes from the seed. `plans` are by price; `done` counts what happened."""

    def __init__(self, shop: Shop, customers: int, seed: int) -> None:
        self.shop, self.chance, self.done = shop, Random(seed), Counter[str]()
        self.plans: dict[str, str] = {}
        self.grace_days: dict[str, int] = {}
        for number, (interval, days) in enumerate((("month", SHORT_GRACE_DAYS), ("year", LONG_GRACE_DAYS)) * 2):
            price = shop.new_price(interval, cents=1000 * (number + 1))
            plan = shop.new_plan(f"plan-{number}", [price], grace_days=days)
            self.plans[price], self.grace_days[price] = plan, days
        shop.account.dunning.finally_ = self.chance.choice(("cancel", "unpaid"))
        self._coming = sorted(self.chance.uniform(0, 300 * DAY) for _ in range(customers))
        self._began = shop.account.clock.now
        self.customers: list[str] = []

    def lives(self, days: float) -> None:
        """What customers and the owner do in so many days, at the account's present moment."""
        passed = self.shop.account.clock.now - self._began
        while self._coming and self._coming[0] <= passed:
            self._coming.pop(0)
            self.customers.append(self.shop.new_customer(self.chance.choice(CARDS)))
            self._subscribes(self.customers[-1])
        for customer in self.customers:
            if self.chance.random() < days / DAYS_BETWEEN:
                self._does_something(customer)

    def subscriptions(self, customer: str) -> list[dict[str, Any]]:
        return [one for one in self.shop.account.all("subscription") if one["customer"] == customer]

    def _does_something(self, customer: str) -> None:
        living = [one for one in self.subscriptions(customer) if one["status"] not in OVER]
        if not living:
            if self.chance.random() < COMES_BACK:
                self._subscribes(customer)
            return
        subscription = self.chance.choice(living)
        unpaid = subscription["status"] in ("past_due", "unpaid", "incomplete")
        acts: list[Act] = [self._pays] * 4 if unpaid else [self._changes_plan, self._changes_seats]
        acts += [self._card, self._card, self._pauses, self._refunds, self._cancels]
        act = self.chance.choice(acts)
        try:
            act(customer, subscription)
            self.done[act.__name__.strip("_").replace("_", " ")] += 1
        except StripeRefusal:  # it does not go with how things are: a customer would be told so
            self.done["refused"] += 1

    def _subscribes(self, customer: str) -> None:
        item: Any = {"price": self._price(), "quantity": self.chance.randint(1, 9)}
        trial: Any = {"trial_period_days": self.chance.choice((7, 14, 30))} if self.chance.random() < 0.4 else {}
        self.shop.client.v1.subscriptions.create({"customer": customer, "items": [item]} | trial)
        self.done["trials" if trial else "subscribes"] += 1

    def _price(self) -> str:
        return self.chance.choice(list(self.plans))

    def _changes(self, subscription: dict[str, Any], **wanted: Any) -> None:
        item = {"id": subscription["items"]["data"][0]["id"], **wanted}
        self.shop.account.people.changes_subscription(subscription["id"], {"items": [item]})

    def _changes_plan(self, _: str, subscription: dict[str, Any]) -> None:
        self._changes(subscription, price=self._price())

    def _changes_seats(self, _: str, subscription: dict[str, Any]) -> None:
        self._changes(subscription, quantity=self.chance.randint(1, 9))

    def _card(self, customer: str, _: dict[str, Any]) -> None:
        people = self.shop.account.people
        self.chance.choice((people.card_fails, people.card_fails, people.card_works))(customer)

    def _pays(self, customer: str, subscription: dict[str, Any]) -> None:
        self.shop.account.people.card_works(customer)
        for invoice in self.shop.account.all("invoice"):
            if invoice["status"] == "open" and subscription_of(invoice) == subscription["id"]:
                self.shop.account.people.pays(invoice["id"])

    def _pauses(self, _: str, subscription: dict[str, Any]) -> None:
        """Or goes on, where it is paused: by its status, or by its collection."""
        subscriptions, name = self.shop.client.v1.subscriptions, subscription["id"]
        if subscription["status"] == "paused":
            subscriptions.resume(name, {"billing_cycle_anchor": {"type": "now"}})
        elif subscription["pause_collection"]:
            self.shop.account.people.changes_subscription(name, {"pause_collection": ""})
        elif subscription["status"] in ("active", "past_due") and self.chance.random() < 0.5:
            subscriptions.pause(name, {"type": "subscription"})
        else:
            behavior = self.chance.choice(("void", "void", "keep_as_draft"))
            self.shop.account.people.changes_subscription(name, {"pause_collection": {"behavior": behavior}})

    def _refunds(self, _: str, subscription: dict[str, Any]) -> None:
        invoice = self.shop.account.find("invoice", subscription["latest_invoice"] or "")
        self.shop.account.people.refunds(self.shop.account.people.charge_of(invoice["id"])["id"])

    def _cancels(self, _: str, subscription: dict[str, Any]) -> None:
        """At once, or at the period's end; whoever wanted the latter may think better of it."""
        people = self.shop.account.people
        if subscription["cancel_at_period_end"] and self.chance.random() < 0.5:
            people.changes_subscription(subscription["id"], {"cancel_at_period_end": False})
        else:
            people.cancels(subscription["id"], at_once=self.chance.random() < 0.4)


def subscription_of(invoice: dict[str, Any]) -> str:
    name: str = invoice["parent"]["subscription_details"]["subscription"]
    return name
