"""What most tests start from: an account, stripe-python on it, something to sell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe as sdk

from tests.stripe_simulator import DAY, Simulator, StripeAccount

Params = Any  # stripe-python's own are typed dicts, one per call


class Shop:
    """An account with its client; `refused` says how Stripe refuses."""

    def __init__(self, simulator: Simulator, account: StripeAccount | None = None) -> None:
        self.stripe = simulator
        self.account = account or simulator.new_account()
        self._http = sdk.RequestsClient(timeout=10)

    @contextmanager
    def open(self) -> Iterator[Shop]:
        self.client = self.client_with(self.account.api_key)
        try:
            yield self
        finally:
            self._http.close()  # type: ignore[no-untyped-call]  # it has no types

    def client_with(self, api_key: str) -> sdk.StripeClient:
        return sdk.StripeClient(
            api_key, base_addresses={"api": self.stripe.url}, max_network_retries=0, http_client=self._http
        )

    @property
    def v1(self) -> Any:
        return self.client.v1

    def customer(self, card: str | None = "pm_card_visa", **more: Params) -> str:
        params: Params = {"name": "Ada", **more}
        if card is not None:
            params |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        made: str = self.v1.customers.create(params).id
        return made

    def price(self, amount: int = 1000, interval: str = "month", **more: Params) -> str:
        product = self.v1.products.create({"name": "Pro"}).id
        params = {"product": product, "currency": "usd", "recurring": {"interval": interval}, **more}
        if params.get("billing_scheme") != "tiered":
            params["unit_amount"] = amount
        made: str = self.v1.prices.create(params).id
        return made

    def subscribe(self, customer: str | None = None, *, amount: int = 1000, quantity: int = 1, **more: Params) -> Any:
        items = more.pop("items", None) or [{"price": self.price(amount), "quantity": quantity}]
        return self.v1.subscriptions.create({"customer": customer or self.customer(), "items": items, **more})

    def status(self, subscription: Any) -> str:
        found: str = self.v1.subscriptions.retrieve(subscription.id).status
        return found

    def invoice(self, subscription: Any) -> Any:
        """Its newest."""
        return self.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice

    def pass_days(self, days: float) -> None:
        self.account.clock.advance(int(days * DAY))

    def told(self, *kinds: str) -> list[str]:
        """Types of the events so far, oldest first; only these kinds, if any are given."""
        found = [event["type"] for event in self.account.all("event")]
        return [kind for kind in found if kind in kinds] if kinds else found
