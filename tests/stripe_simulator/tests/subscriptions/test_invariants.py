"""Whatever is done to subscriptions, in whatever order, some things always hold."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from typing import Any

import stripe as sdk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stripe_simulator import DAY, Dunning, Simulator, simulator
from tests.stripe_simulator.subscriptions.status import MOVES
from tests.stripe_simulator.tests.shop import Shop

UPDATES: list[dict[str, Any]] = [
    {"cancel_at_period_end": True},
    {"cancel_at_period_end": False},
    {"pause_collection": ""},
    {"trial_end": "now"},
    *({"pause_collection": {"behavior": behavior}} for behavior in ("void", "keep_as_draft", "mark_uncollectible")),
]
ACTS = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 40)),
    st.tuples(st.just("card"), st.booleans()),
    st.tuples(st.just("quantity"), st.integers(0, 5)),
    st.tuples(st.just("price"), st.integers(0, 2)),
    st.tuples(st.just("update"), st.sampled_from(UPDATES)),
    st.tuples(st.just("trial"), st.integers(1, 20)),
    st.tuples(st.sampled_from(["pause", "resume", "pay", "void", "cancel", "delete customer"]), st.just(0)),
)


class Business:
    """One customer with one subscription, to whom things happen."""

    def __init__(self, shop: Shop, start: dict[str, Any]) -> None:
        self.shop = shop
        self.prices = [shop.price(1000), shop.price(2500), shop.price(9000, "year")]
        card = None if "trial_settings" in start or "collection_method" in start else "pm_card_visa"
        self.made = shop.subscribe(shop.customer(card), items=[{"price": self.prices[0], "quantity": 2}], **start)

    def do(self, act: str, value: Any) -> None:
        """A refusal is an outcome like any other."""
        with contextlib.suppress(sdk.InvalidRequestError, sdk.CardError):
            self._do(act, value)

    def _do(self, act: str, value: Any) -> None:
        shop, subscriptions, made = self.shop, self.shop.v1.subscriptions, self.made
        item = made["items"].data[0].id
        match act:
            case "pass":
                shop.pass_days(value)
            case "card" if not shop.account.find("customer", made.customer).get("deleted"):
                (shop.account.people.card_works if value else shop.account.people.card_fails)(made.customer)
            case "quantity":
                subscriptions.update(made.id, {"items": [{"id": item, "quantity": value}]})
            case "price":
                subscriptions.update(made.id, {"items": [{"id": item, "price": self.prices[value]}]})
            case "update":
                subscriptions.update(made.id, value)
            case "trial":
                subscriptions.update(made.id, {"trial_end": shop.account.clock.now + value * DAY})
            case "pay" | "void":
                invoice = subscriptions.retrieve(made.id).latest_invoice
                (shop.v1.invoices.pay if act == "pay" else shop.v1.invoices.void_invoice)(invoice)
            case "delete customer":
                shop.v1.customers.delete(made.customer)
            case "pause" | "resume" | "cancel":
                getattr(subscriptions, act)(made.id)


STARTS = st.sampled_from(
    [
        {},
        {"payment_behavior": "default_incomplete"},
        {"trial_period_days": 10},
        {"trial_period_days": 10, "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
        {"collection_method": "send_invoice", "days_until_due": 10},
    ]
)


def statuses_told(shop: Shop) -> list[str]:
    """As the events tell it."""
    told = [
        event["data"]["object"]["status"]
        for event in shop.account.all("event")
        if event["type"].startswith("customer.subscription.")
    ]
    return [status for number, status in enumerate(told) if number == 0 or told[number - 1] != status]


def check(stripe: Simulator, shop: Shop) -> None:
    told = statuses_told(shop)
    assert all(after in MOVES[before] for before, after in pairwise(told)), told
    (subscription,) = shop.account.all("subscription")
    last = [event for event in shop.account.all("event") if event["type"].startswith("customer.subscription.")][-1]
    assert last["data"]["object"] == subscription, "a change was not told"
    assert (subscription["ended_at"] is not None) == (subscription["status"] in ("canceled", "incomplete_expired"))
    for invoice in shop.account.all("invoice"):
        lines = shop.account.private[invoice["id"]]["lines"]
        assert invoice["total"] == sum(line["amount"] for line in lines)
        assert invoice["amount_due"] == invoice["amount_paid"] + invoice["amount_remaining"]
        newest = [each for each in shop.account.all("event") if each["data"]["object"]["id"] == invoice["id"]][-1]
        assert newest["data"]["object"]["status"] == invoice["status"], "a change was not told"
    paid = sum(invoice["amount_paid"] for invoice in shop.account.all("invoice"))
    charged = sum(charge["amount"] for charge in shop.account.all("charge") if charge["status"] == "succeeded")
    assert paid == charged
    assert stripe.fictions == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STARTS, st.sampled_from(["cancel", "unpaid", "past_due"]), st.booleans(), st.lists(ACTS, max_size=12))
def test_moves_are_legal_sums_are_right_and_changes_are_told(
    start: dict[str, Any],
    finally_: str,
    fails: bool,  # noqa: FBT001 - a parameter of the test
    acts: list[tuple[str, Any]],
) -> None:
    with simulator(start=1_767_225_600) as stripe, Shop(stripe).open() as shop:
        shop.account.dunning = Dunning(finally_=finally_)
        business = Business(shop, start)
        check(stripe, shop)
        for act, value in ([("card", False), ("pass", 50)] if fails else []) + acts:
            business.do(act, value)
            check(stripe, shop)
