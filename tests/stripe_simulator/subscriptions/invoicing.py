"""Invoices: drafted, finalized, charged, paid or given up."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import envelope
from tests.stripe_simulator.refusals import invalid
from tests.stripe_simulator.sdk_types import completed, object_shape
from tests.stripe_simulator.subscriptions import attempts
from tests.stripe_simulator.subscriptions.due import HOUR
from tests.stripe_simulator.subscriptions.lines import Line

SHOWN_LINES = 10


def draft(
    account: Account, subscription: Object, reason: str, lines: list[Line], period: tuple[int, int], *, at_once: bool
) -> Object:
    """A new one with these lines and those that waited for it; the caller tells of the subscription's new invoice.

    `at_once`: it does not stay a draft for an hour.
    """
    lines = [*account.private[subscription["id"]].pop("pending_lines", []), *lines]
    now, invoice_id = account.clock_of(subscription).now, account.new_id("in")
    shown = [_line(account, subscription, invoice_id, line) for line in lines]
    is_sent = subscription["collection_method"] == "send_invoice"
    fields = _fields(account, subscription, invoice_id, shown, period) | {
        "auto_advance": True,
        "automatically_finalizes_at": None if at_once else now + HOUR,
        "billing_reason": reason,
        "due_date": now + subscription["days_until_due"] * DAY if is_sent else None,
        "next_payment_attempt": None if is_sent or at_once else now + HOUR,
    }
    invoice = account.insert("invoice", "in", "invoice.created", **fields)
    account.private[invoice_id] |= {"lines": shown, "days_until_due": subscription["days_until_due"]}
    account.private[subscription["id"]].setdefault("invoices", []).append(invoice_id)
    subscription["latest_invoice"] = invoice_id
    return invoice


def preview(account: Account, subscription: Object, lines: list[Line], period: tuple[int, int]) -> Object:
    """One that nothing comes of."""
    invoice_id = f"upcoming_{account.new_id('in')}"
    shown = [_line(account, subscription, invoice_id, line) for line in lines]
    fields = _fields(account, subscription, invoice_id, shown, period) | {
        "object": "invoice",
        "auto_advance": False,
        "billing_reason": "upcoming",
        "created": period[1],
        "livemode": account.livemode,
        "metadata": {},
        "next_payment_attempt": period[1] + HOUR,
    }
    hidden = frozenset(field for of, field in INCLUDABLE if of == "invoice")
    return completed(object_shape("invoice"), fields, hidden)


def _fields(
    account: Account, subscription: Object, invoice_id: str, shown: list[Object], period: tuple[int, int]
) -> Object:
    customer = account.find("customer", subscription["customer"])
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    url = f"/v1/invoices/{invoice_id}/lines"
    return {
        "id": invoice_id,
        **_money(sum(line["amount"] for line in shown)),
        "attempt_count": 0,
        "attempted": False,
        "automatic_tax": {"enabled": False},
        "collection_method": subscription["collection_method"],
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "lines": envelope(shown[:SHOWN_LINES], url, has_more=len(shown) > SHOWN_LINES),
        "parent": {"type": "subscription_details", "subscription_details": details},
        "payment_settings": {},
        "period_start": period[0],
        "period_end": period[1],
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": {},
        "test_clock": subscription["test_clock"],
    }


def _money(total: int) -> Object:
    due = max(total, 0)
    return {
        "amount_due": due,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": due,
        "amount_shipping": 0,
        "ending_balance": min(total, 0),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_taxes": [],
    }


def _line(account: Account, subscription: Object, invoice_id: str, line: Line) -> Object:
    shape = object_shape("line_item")
    price = line.item["price"]
    given = {
        "id": account.new_id("il"),
        "object": "line_item",
        "amount": line.amount,
        "currency": subscription["currency"],
        "description": line.description,
        "discount_amounts": [],
        "discountable": not line.is_proration,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": account.livemode,
        "metadata": dict(subscription["metadata"]),
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {
                "proration": line.is_proration,
                "subscription": subscription["id"],
                "subscription_item": line.item["id"],
            },
        },
        "period": {"start": line.start, "end": line.end},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": line.quantity,
        "subscription": subscription["id"],
        "subtotal": line.amount,
        "taxes": [],
    }
    return completed(shape, given)


def finalize(account: Account, invoice: Object) -> None:
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    if account.find("customer", invoice["customer"]).get("deleted"):
        raise invalid("The customer of this invoice has been deleted.")
    now = account.clock_of(invoice).now
    with account.changing(invoice, "invoice.finalized"):
        account.private[account.id] = numbers = account.private.get(account.id, {"invoices": 0})
        numbers["invoices"] += 1
        invoice["status_transitions"]["finalized_at"] = now
        invoice |= {
            "status": "open",
            "effective_at": now,
            "number": f"SIM-{numbers['invoices']:05}",
            "hosted_invoice_url": f"https://invoice.stripe.com/i/{account.id}/{invoice['id']}",
            "invoice_pdf": f"https://pay.stripe.com/invoice/{account.id}/{invoice['id']}/pdf",
            "automatically_finalizes_at": None,
            "next_payment_attempt": None,
        }
        if invoice["collection_method"] == "send_invoice":
            invoice["due_date"] = now + account.private[invoice["id"]]["days_until_due"] * DAY
        _apply_balance(account, invoice)
    if invoice["collection_method"] == "send_invoice" and invoice["amount_due"]:
        account.tell("invoice.sent", invoice)


def _apply_balance(account: Account, invoice: Object) -> None:
    """What an invoice comes to below zero is kept for the customer, and taken from the next ones."""
    customer = account.find("customer", invoice["customer"])
    taken = invoice["total"] if invoice["total"] < 0 else min(invoice["total"], -customer["balance"])
    invoice |= {"starting_balance": customer["balance"], "amount_due": max(invoice["total"], 0) - max(taken, 0)}
    invoice["amount_remaining"] = invoice["amount_due"]
    with account.changing(customer, "customer.updated"):
        customer["balance"] += taken
    invoice["ending_balance"] = customer["balance"]


def settle(account: Account, invoice: Object, *, elsewhere: bool = False) -> None:
    """Paid; `elsewhere` is out of band, for which there is no charge."""
    with account.changing(invoice, "invoice.paid"):
        invoice |= {
            "status": "paid",
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "attempted": True,
            "auto_advance": False,
            "next_payment_attempt": None,
        }
        invoice["status_transitions"]["paid_at"] = account.clock_of(invoice).now
        if not elsewhere and invoice["amount_due"]:
            invoice["attempt_count"] += 1
    account.tell("invoice.payment_succeeded", invoice)


def charge(account: Account, invoice: Object, *, retries: bool) -> str:
    """One attempt; `retries`: another is planned if it fails and the account's settings have one left."""
    if invoice["amount_due"] == 0:
        settle(account, invoice)
        return "succeeds"
    outcome = attempts.attempt(account, invoice)
    if outcome == "succeeds":
        settle(account, invoice)
        return outcome
    now, days = account.clock_of(invoice).now, account.dunning.retry_days
    with account.changing(invoice, "invoice.payment_failed"):
        invoice["attempt_count"] += 1
        invoice["attempted"] = True
        left = invoice["attempt_count"] <= len(days) if retries else False
        invoice["next_payment_attempt"] = now + days[invoice["attempt_count"] - 1] * DAY if left else None
    if outcome == "needs_action":
        account.tell("invoice.payment_action_required", invoice)
    return outcome


def void(account: Account, invoice: Object) -> None:
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can only void open and uncollectible invoices. This invoice is {invoice['status']}.")
    with account.changing(invoice, "invoice.voided"):
        invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None}
        invoice["status_transitions"]["voided_at"] = account.clock_of(invoice).now


def mark_uncollectible(account: Account, invoice: Object) -> None:
    if invoice["status"] != "open":
        raise invalid(f"This invoice is {invoice['status']}: only open invoices can be marked as uncollectible.")
    with account.changing(invoice, "invoice.marked_uncollectible"):
        invoice |= {"status": "uncollectible", "auto_advance": False, "next_payment_attempt": None}
        invoice["status_transitions"]["marked_uncollectible_at"] = account.clock_of(invoice).now


def open_invoices(account: Account, subscription_id: str) -> list[Object]:
    """Its open and draft ones."""
    known = account.private[subscription_id].setdefault("invoices", [])
    found = [account.find("invoice", each) for each in known]
    return [each for each in found if each["status"] in ("open", "draft")]
