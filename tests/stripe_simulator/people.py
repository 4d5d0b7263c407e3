"""What happens at Stripe without our asking: customers, banks, and the account's owner in the dashboard."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.resources import checkout, customers, payments, webhook_endpoints
from tests.stripe_simulator.subscriptions import attempts, changes, invoicing, life


class People:
    """Each method is one act, at the account's (or the customer's test clock's) present moment."""

    def __init__(self, account: Account) -> None:
        self._account = account

    # Customers

    def gives_card(self, customer_id: str, card: str = "pm_card_visa") -> Object:
        """It becomes what the customer's invoices are paid with."""
        with self._account.lock:
            customer = customers.existing(self._account, customer_id)
            method = customers.attach(self._account, card, customer_id)
            with self._account.changing(customer, "customer.updated"):
                customer["invoice_settings"]["default_payment_method"] = method["id"]
            return method

    def card_fails(self, customer_id: str, *, needs_action: bool = False) -> None:
        """From now on, whichever card it is."""
        with self._account.lock:
            self._account.private[customer_id]["card"] = "needs_action" if needs_action else "declines"

    def card_works(self, customer_id: str) -> None:
        with self._account.lock:
            self._account.private[customer_id]["card"] = "succeeds"

    def pays(self, invoice_id: str) -> Object:
        """On the invoice's own page; what the card does decides whether it is paid."""
        with self._account.lock:
            invoice = self._account.find("invoice", invoice_id)
            if invoice["status"] == "draft":
                invoicing.finalize(self._account, invoice)
            life.charge(self._account, invoice)
            return invoice

    def completes_checkout(
        self, session_id: str, *, email: str = "buyer@example.com", card: str = "pm_card_visa"
    ) -> Object:
        with self._account.lock:
            session = self._account.find(checkout.SESSION, session_id)
            return checkout.complete(self._account, session, email=email, card=card)

    def cancels(self, subscription_id: str, *, at_once: bool = False) -> Object:
        """In the portal."""
        with self._account.lock:
            subscription = self._account.find("subscription", subscription_id)
            if at_once:
                return changes.cancel(self._account, subscription, {})
            return changes.update(self._account, subscription, {"cancel_at_period_end": True})

    # Banks

    def opens_dispute(self, charge_id: str, *, reason: str = "fraudulent", is_inquiry: bool = False) -> Object:
        with self._account.lock:
            charge = self._account.find("charge", charge_id)
            status = "warning_needs_response" if is_inquiry else "needs_response"
            return payments.open_dispute(self._account, charge, reason, status=status)

    def closes_dispute(self, dispute_id: str, status: str) -> Object:
        """`won`, `lost` or `warning_closed`."""
        with self._account.lock:
            dispute = self._account.find("dispute", dispute_id)
            payments.close_dispute(self._account, dispute, status)
            return dispute

    # The owner

    def refunds(self, charge_id: str, amount: int | None = None) -> Object:
        """All of it unless `amount` says less."""
        with self._account.lock:
            charge = self._account.find("charge", charge_id)
            return payments.refund(self._account, charge, amount, None, {})

    def changes_subscription(self, subscription_id: str, params: Object) -> Object:
        """As the API does, but without the API."""
        with self._account.lock:
            subscription = self._account.find("subscription", subscription_id)
            return changes.update(self._account, subscription, params)

    def rolls_webhook_secret(self, endpoint_id: str, *, overlap_seconds: int = 0) -> str:
        """The new one; until the overlap ends both sign."""
        with self._account.lock:
            return webhook_endpoints.roll_secret(self._account, endpoint_id, overlap_seconds)

    def charge_of(self, invoice_id: str) -> Object:
        """The newest charge for the invoice."""
        with self._account.lock:
            intent = attempts.intent_of(self._account, self._account.find("invoice", invoice_id))
            return self._account.find("charge", intent["latest_charge"] or "")
