"""The product's own work of billing in this process, at the moment that the simulated account's clock shows."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from celery import current_app

from billing.actions import sweeping
from billing.actions.converging import converge
from billing.actions.inbox import receive
from billing.models import StripeCustomer
from billing.models.customer import WAITING
from billing.queries.connections import presented_connection
from billing.rules import waiting
from billing.stripe import account, budget
from billing.tasks import told
from licensing.actions.clock.billing import tell_what_came
from tenants.tenancy import tenant_transaction
from tests.billing.shops import Shop

if TYPE_CHECKING:
    from tests.stripe_simulator.webhooks.deliveries import Sent

MOST_ROUNDS = 20


class Product:
    """Time goes only when `passes` says so, for Stripe and for the product alike."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        found = presented_connection(shop.connection["connection_uid"])
        assert found
        self.presented = found
        self.carried = 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.shop.account.clock.now, UTC)

    def passes(self, seconds: float) -> None:
        self.shop.account.clock.advance(max(math.ceil(seconds), 1))

    def carries(self, sent: Sent) -> int:
        """As the web process takes a call in, but at this moment. Other accounts' post goes as ever."""
        if sent.url != self.shop.connection["webhook_url"]:
            return self.shop.stripe.webhooks.post(sent)
        receive(self.presented, body=sent.body, header=sent.headers["Stripe-Signature"], now=self.now)
        self.carried += 1
        return 200

    def works(self) -> None:
        """As the worker does: whoever waits, and again when it is time again."""
        sweeping.sweep_stuck(now=self.now)
        for _ in range(MOST_ROUNDS):
            waits = [converge(row.organization_id, row.id, now=self.now) for row in self.waiting()]
            again = [seconds for seconds in waits if seconds is not None]
            if not again:
                break
            self.passes(min(again))
        tell_what_came(now=self.now)

    def works_once(self) -> None:
        """Whatever comes of it."""
        sweeping.sweep_stuck(now=self.now)
        for row in self.waiting():
            converge(row.organization_id, row.id, now=self.now)
        tell_what_came(now=self.now)

    def waiting(self) -> list[StripeCustomer]:
        with tenant_transaction(self.presented.organization_id):
            return list(StripeCustomer.objects.within(self.presented).filter(WAITING).order_by("id"))

    def sweeps(self) -> None:
        """Over Stripe's events, and over everything."""
        organization, connection = self.presented.organization_id, self.presented.connection_id
        with told(str(connection)):
            sweeping.sweep_events(organization, connection, now=self.now)
            sweeping.compare(organization, connection, now=self.now)


@contextmanager
def at_its_own_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """The running copy's worker hears of nothing: the broker of this process is away, and all that happens lies in its
    future. Waiting between two calls is for clocks on the wall, so it is short.
    """
    product = Product(shop)
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(budget, "TEST_PER_SECOND", 100_000)
    monkeypatch.setattr(waiting, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(account, "MOST_ATTEMPTS", 12)  # a pause after too many would be one of the clock on the wall
    monkeypatch.setattr(shop.stripe.webhooks, "carries", product.carries)
    monkeypatch.setattr(shop.stripe.webhooks, "signs_at", lambda: shop.account.clock.now)
    log = logging.getLogger("licet.billing")
    monkeypatch.setattr(log, "disabled", True)  # it would say for each customer that the broker is away
    product.passes(3600)
    yield product
