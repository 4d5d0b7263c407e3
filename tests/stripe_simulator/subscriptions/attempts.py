"""One attempt to charge an invoice: the payment intent, the charge, the payment."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object

BEHAVIOURS = {  # Stripe's test payment methods: what they do when charged
    "pm_card_visa": "succeeds",
    "pm_card_mastercard": "succeeds",
    "pm_card_chargeCustomerFail": "declines",
    "pm_card_visa_chargeDeclined": "declines",
    "pm_card_authenticationRequired": "needs_action",
}


def method_for(account: Account, target: Object) -> str | None:
    """What an invoice or a subscription would be paid with."""
    customer = account.tables["customer"].get(target["customer"])
    subscription_id = subscription_of(target) if target["object"] == "invoice" else None
    subscription = account.tables["subscription"].get(subscription_id) if subscription_id else None
    candidates = [target["default_payment_method"], subscription and subscription["default_payment_method"]]
    settings = customer["invoice_settings"] if customer and not customer.get("deleted") else None
    candidates.append(settings and settings["default_payment_method"])
    return next((str(each) for each in candidates if each), None)


def subscription_of(invoice: Object) -> str | None:
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def outcome_for(account: Account, customer_id: str, method_id: str | None) -> str:
    """`succeeds`, `declines` or `needs_action`; what was said of all the customer's cards comes first."""
    if method_id is None:
        return "declines"
    said = account.private[customer_id].get("card")
    return str(said or account.private[method_id]["behaviour"])


def attempt(account: Account, invoice: Object) -> str:
    """Tries to take what remains of the invoice; returns the outcome, and has told of the charge."""
    method_id = method_for(account, invoice)
    outcome = outcome_for(account, invoice["customer"], method_id)
    intent = intent_of(account, invoice)
    if method_id is None or outcome == "needs_action":
        kind = "payment_intent.payment_failed" if method_id is None else "payment_intent.requires_action"
        with account.changing(intent, kind):
            intent["status"] = "requires_payment_method" if method_id is None else "requires_action"
            intent["payment_method"] = method_id
        return outcome
    charge = _charge(account, invoice, intent, method_id, succeeds=outcome == "succeeds")
    kind = "payment_intent.succeeded" if outcome == "succeeds" else "payment_intent.payment_failed"
    with account.changing(intent, kind):
        intent |= {"latest_charge": charge["id"], "payment_method": method_id}
        if outcome == "succeeds":
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            _pay(account, invoice, intent)
        else:
            intent["status"] = "requires_payment_method"
    return outcome


def intent_of(account: Account, invoice: Object) -> Object:
    """Made with the first attempt; it stays the invoice's own."""
    known = account.private[invoice["id"]].get("intent")
    if known:
        return account.find("payment_intent", known)
    intent = account.insert(
        "payment_intent",
        "pi",
        "payment_intent.created",
        amount=invoice["amount_remaining"],
        amount_capturable=0,
        amount_received=0,
        capture_method="automatic",
        confirmation_method="automatic",
        currency=invoice["currency"],
        customer=invoice["customer"],
        payment_method_types=["card"],
        status="requires_payment_method",
    )
    account.private[invoice["id"]]["intent"] = intent["id"]
    account.private[intent["id"]]["invoice"] = invoice["id"]
    payment = account.insert(
        "invoice_payment",
        "inpay",
        amount_requested=invoice["amount_remaining"],
        currency=invoice["currency"],
        created=account.clock_of(invoice).now,
        invoice=invoice["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={},
    )
    account.private[invoice["id"]]["payment"] = payment["id"]
    return intent


def payments_of(account: Account, invoice_id: str) -> list[Object]:
    known = account.private[invoice_id].get("payment")
    return [account.find("invoice_payment", known)] if known else []


def _pay(account: Account, invoice: Object, intent: Object) -> None:
    for payment in payments_of(account, invoice["id"]):
        with account.changing(payment, "invoice_payment.paid"):
            payment |= {"status": "paid", "amount_paid": intent["amount"]}
            payment["status_transitions"]["paid_at"] = account.clock_of(invoice).now


def _charge(account: Account, invoice: Object, intent: Object, method_id: str, *, succeeds: bool) -> Object:
    return account.insert(
        "charge",
        "ch",
        "charge.succeeded" if succeeds else "charge.failed",
        amount=invoice["amount_remaining"],
        amount_captured=invoice["amount_remaining"] if succeeds else 0,
        amount_refunded=0,
        billing_details={},
        captured=succeeds,
        currency=invoice["currency"],
        customer=invoice["customer"],
        disputed=False,
        failure_code=None if succeeds else "card_declined",
        failure_message=None if succeeds else "Your card was declined.",
        paid=succeeds,
        payment_intent=intent["id"],
        payment_method=method_id,
        refunded=False,
        status="succeeded" if succeeds else "failed",
    )
