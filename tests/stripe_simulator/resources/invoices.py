"""Invoices and their payments."""

from __future__ import annotations

from tests.stripe_simulator.account import INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import envelope, listed, matching
from tests.stripe_simulator.api.params import merge_metadata, needed, only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import StripeRefusal, declined, invalid
from tests.stripe_simulator.subscriptions import attempts, invoicing, life
from tests.stripe_simulator.subscriptions.status import ENDED


def _found(call: Call) -> Object:
    return call.account.find("invoice", call.ids[0])


@answers("get", "/v1/invoices/{invoice}")
def retrieve(call: Call) -> Object:
    return _found(call)


@answers("get", "/v1/invoices")
def list_all(call: Call) -> Object:
    names = {"collection_method", "created", "customer", "ending_before", "expand", "limit", "starting_after", "status"}
    only_simulated(call.params, {*names, "subscription", "due_date"})
    wanted = call.params.get("subscription")
    there = [each for each in call.account.all("invoice") if wanted in (None, attempts.subscription_of(each))]
    return listed(call, matching(call, there, "customer", "status", "collection_method"))


@answers("get", "/v1/invoices/{invoice}/lines")
def list_lines(call: Call) -> Object:
    return listed(call, reversed(call.account.private[_found(call)["id"]]["lines"]))


@answers("post", "/v1/invoices/{invoice}")
def update(call: Call) -> Object:
    only_simulated(call.params, {"auto_advance", "description", "expand", "metadata"})
    invoice = _found(call)
    with call.account.changing(invoice, "invoice.updated"):
        merge_metadata(invoice, call.params)
        for name in ("auto_advance", "description"):
            if name in call.params:
                invoice[name] = call.params[name]
    return invoice


@answers("post", "/v1/invoices/{invoice}/finalize")
def finalize(call: Call) -> Object:
    invoice = _found(call)
    invoicing.finalize(call.account, invoice)
    if invoice["amount_due"] == 0:
        life.charge(call.account, invoice)
    return invoice


@answers("post", "/v1/invoices/{invoice}/pay")
def pay(call: Call) -> Object:
    only_simulated(call.params, {"expand", "off_session", "paid_out_of_band", "payment_method"})
    invoice, account = _found(call), call.account
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] == "draft":
        invoicing.finalize(account, invoice)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"Invoices that are {invoice['status']} cannot be paid.")
    if "payment_method" in call.params:
        held = account.find("payment_method", call.params["payment_method"], "payment_method")
        with account.changing(invoice):
            invoice["default_payment_method"] = held["id"]
    if call.params.get("paid_out_of_band"):
        invoicing.settle(account, invoice, elsewhere=True)
        life.payment_made(account, invoice)
    elif life.charge(account, invoice) != "succeeds":
        raise declined()
    return invoice


@answers("post", "/v1/invoices/{invoice}/void")
def void(call: Call) -> Object:
    invoice = _found(call)
    invoicing.void(call.account, invoice)
    life.forgiven(call.account, invoice)
    return invoice


@answers("post", "/v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(call: Call) -> Object:
    invoice = _found(call)
    invoicing.mark_uncollectible(call.account, invoice)
    life.forgiven(call.account, invoice)
    return invoice


@answers("post", "/v1/invoices/create_preview")
def preview(call: Call) -> Object:
    """Of the next renewal of a subscription that there is."""
    only_simulated(call.params, {"customer", "expand", "subscription"})
    subscription = call.account.find("subscription", needed(call.params, "subscription"), "subscription")
    if subscription["status"] in ENDED or subscription["cancel_at_period_end"]:
        raise StripeRefusal(
            404, "No upcoming invoices for customer: " + subscription["customer"], code="invoice_upcoming_none"
        )
    return life.upcoming(call.account, subscription)


# Invoice payments


@answers("get", "/v1/invoice_payments/{invoice_payment}")
def retrieve_payment(call: Call) -> Object:
    return call.account.find("invoice_payment", call.ids[0])


@answers("get", "/v1/invoice_payments")
def list_payments(call: Call) -> Object:
    names = {"created", "ending_before", "expand", "invoice", "limit", "payment", "starting_after", "status"}
    only_simulated(call.params, names)
    payment = call.params.get("payment")
    there = [
        each
        for each in call.account.all("invoice_payment")
        if payment is None or each["payment"].get(payment["type"]) == payment.get(payment["type"])
    ]
    return listed(call, matching(call, there, "invoice", "status"))


def _payments(account: Account, invoice: Object) -> Object:
    made = attempts.payments_of(account, invoice["id"])
    return envelope(made[:10], f"/v1/invoice_payments?invoice={invoice['id']}", has_more=len(made) > 10)


INCLUDABLE["invoice", "payments"] = _payments
for _field in ("confirmation_secret", "status_details", "amount_paid_off_stripe"):
    INCLUDABLE["invoice", _field] = lambda _account, _invoice: None
