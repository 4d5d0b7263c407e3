"""Fixtures for a tenant that sells through Stripe: a connected account of the simulator's, a plan and its price."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.places import Place

if TYPE_CHECKING:
    from stripe import StripeClient

    from tests.stripe_simulator import Simulator, StripeAccount

PATIENCE_SECONDS = 60.0


@dataclass
class Shop:
    """`client` is what the vendor's own programs ask Stripe with; `plan` is sold at `price`."""

    place: Place
    stripe: Simulator
    account: StripeAccount
    client: StripeClient
    price: str = ""
    plan: str = ""
    connection: dict[str, Any] = field(default_factory=dict)

    def connect(self, **more: Any) -> dict[str, Any]:
        """The running copy's rounds leave it alone for a while: what is not told yet is for the test to find."""
        from billing.models import StripeConnection  # noqa: PLC0415 - Django is not set up at import
        from tenants import clock  # noqa: PLC0415 - as above
        from tenants.tenancy import tenant_transaction  # noqa: PLC0415 - as above

        self.connection = self.place.post("stripe_connection", {"api_key": self.account.api_key, **more})
        with tenant_transaction(self.place.environment.organization_id):
            rows = StripeConnection.objects.within(self.place.environment)
            rows.filter(disconnected_at__isnull=True).update(swept_at=clock.now())
        return self.connection

    def sell(self, code: str = "sold", **terms: Any) -> None:
        """Makes a price, and a plan that is sold at it."""
        self.price = self.new_price()
        self.plan = self.new_plan(code, [self.price], **terms)

    def new_price(self, interval: str = "month", cents: int = 1000, **more: str) -> str:
        product = self.client.v1.products.create({"name": "Something"})
        recurring: Any = {"interval": interval, **more}
        price = self.client.v1.prices.create(
            {"product": product.id, "currency": "eur", "unit_amount": cents, "recurring": recurring}
        )
        return str(price.id)

    def new_plan(self, code: str, prices: list[str], **terms: Any) -> str:
        product = self.place.api.get("/v1/products").json()["data"][0]["id"]
        body = {"product": product, "code": code, "name": code, "stripe_price_ids": prices, **terms}
        made: str = self.place.post("plans", body)["id"]
        return made

    def new_customer(self, card: str = "pm_card_visa", **more: Any) -> str:
        params: Any = {"name": "Ada", "email": "ada@example.com", **more}
        made = str(self.client.v1.customers.create(params).id)
        if card:
            self.account.people.gives_card(made, card)
        return made

    def subscribe(self, customer: str = "", *, price: str = "", quantity: int = 1, **more: Any) -> str:
        item: Any = {"price": price or self.price, "quantity": quantity}
        params: Any = {"customer": customer or self.new_customer(), "items": [item], **more}
        return str(self.client.v1.subscriptions.create(params).id)

    def item_of(self, subscription: str) -> str:
        shown = self.client.v1.subscriptions.retrieve(subscription).to_dict()
        return str(shown["items"]["data"][0]["id"])

    def license_of(self, subscription: str) -> dict[str, Any] | None:
        """The one that the subscription drives."""
        licenses = self.place.api.get("/v1/licenses", params={"limit": 100}).json()["data"]
        found = [one for one in licenses if one["metadata"].get("stripe_subscription") == subscription]
        assert len(found) <= 1, found
        return found[0] if found else None

    def state(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.place.api.get("/v1/stripe_connection").json()
        return shown

    def deliver(self) -> None:
        """Sends what is due of this account, all of which must be taken in."""
        sent = self.stripe.deliver(of=self.account)
        assert {one.event["type"]: one.statuses for one in sent if not one.is_delivered} == {}

    def settle(self) -> None:
        """Delivers what is due, and waits until all of it was looked at."""
        self.deliver()
        self.until(lambda: self.state()["pending"] == 0)

    def until(self, is_so: Callable[[], object]) -> None:
        patience_ends = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < patience_ends, self.state()
            time.sleep(0.02)


@pytest.fixture(scope="session")
def simulated() -> Iterator[Simulator]:
    """Listens where the running copy expects Stripe; each test has an account of its own."""
    from tests.stripe_simulator import simulator  # noqa: PLC0415 - what it checks against takes a while to read

    with simulator(port=urlsplit(os.environ["LICET_STRIPE_API_BASE"]).port or 0) as running:
        yield running


@pytest.fixture
def stripe(simulated: Simulator) -> Iterator[Simulator]:
    """Stripe, without faults of an earlier test's."""
    yield simulated
    simulated.faults.clear()
    simulated.webhooks.faults.clear()


@pytest.fixture
def new_shop(new_place: Callable[[], Place], stripe: Simulator) -> Callable[..., Shop]:
    """Tenants with an account each that is not connected yet; `permissions` are those of its key."""
    from stripe import StripeClient  # noqa: PLC0415 - takes a while, too

    def make(permissions: dict[str, str] | None = None) -> Shop:
        account = stripe.new_account(permissions=permissions)
        account.clock.advance(to=int(time.time()))
        client = StripeClient(account.api_key, base_addresses={"api": stripe.url}, max_network_retries=0)
        return Shop(new_place(), stripe, account, client)

    return make


@pytest.fixture
def shop(new_shop: Callable[..., Shop]) -> Shop:
    """Connected, and with something to sell."""
    made = new_shop()
    made.connect()
    made.sell()
    return made
