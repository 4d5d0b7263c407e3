"""What happens to subscriptions by time and payment. What their owner asks for is in `changes`."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object, copied
from tests.stripe_simulator.subscriptions import attempts, due, invoicing, lines
from tests.stripe_simulator.subscriptions.periods import next_boundary
from tests.stripe_simulator.subscriptions.status import (
    ENDED,
    moved,
    when_canceled,
    when_given_up,
    when_paid,
    when_trial_ends,
    when_unpaid,
)

UPDATED = "customer.subscription.updated"


def now_of(account: Account, target: Object) -> int:
    return account.clock_of(target).now


def interval_of(subscription: Object) -> tuple[str, int]:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def set_period(subscription: Object, start: int, end: int) -> None:
    for item in subscription["items"]["data"]:
        item |= {"current_period_start": start, "current_period_end": end}


def period_from(subscription: Object, start: int) -> tuple[int, int]:
    return start, next_boundary(subscription["billing_cycle_anchor"], *interval_of(subscription), start)


# By the clock


def next_of(account: Account, subscription: Object) -> due.Moment | None:
    private = account.private[subscription["id"]]
    return due.of_subscription(
        subscription,
        is_warned=private.get("is_warned", False),
        announced=private.get("announced"),
        announces_seconds=account.dunning.upcoming_days * due.DAY,
    )


def next_of_invoice(account: Account, invoice: Object) -> due.Moment | None:
    is_overdue = account.private[invoice["id"]].get("is_overdue", False)
    return due.of_invoice(invoice, is_overdue=is_overdue, overdue_seconds=account.dunning.overdue_days * due.DAY)


def wake(account: Account, subscription: Object) -> None:
    """Does what is due now, if anything is."""
    private = account.private[subscription["id"]]
    found = next_of(account, subscription)
    if found is None or found[0] > now_of(account, subscription):
        return
    match found[1]:
        case "expire":
            expire(account, subscription)
        case "cancel":
            end(account, subscription, "cancellation_requested")
        case "warn":
            private["is_warned"] = True
            account.tell("customer.subscription.trial_will_end", subscription)
            account.plan(subscription)
        case "announce":
            private["announced"] = due.period_end(subscription)
            account.tell("invoice.upcoming", upcoming(account, subscription))
            account.plan(subscription)
        case "end_trial":
            end_trial(account, subscription)
        case "renew":
            renew(account, subscription)
        case "collect_again":
            with account.changing(subscription, UPDATED):
                subscription["pause_collection"] = None


def expire(account: Account, subscription: Object) -> None:
    """The first payment did not come within 23 hours."""
    with account.changing(subscription, UPDATED):
        subscription |= {
            "status": moved(subscription["status"], when_canceled("incomplete")),
            "ended_at": now_of(account, subscription),
        }
    for invoice in invoicing.open_invoices(account, subscription["id"]):
        if invoice["status"] == "open":
            invoicing.void(account, invoice)


def end_trial(account: Account, subscription: Object) -> None:
    now = now_of(account, subscription)
    settings = subscription["trial_settings"] or {"end_behavior": {"missing_payment_method": "create_invoice"}}
    is_sent = subscription["collection_method"] == "send_invoice"
    can_pay = is_sent or attempts.method_for(account, subscription) is not None
    status = when_trial_ends(can_pay=can_pay, otherwise=settings["end_behavior"]["missing_payment_method"])
    if status == "canceled":
        end(account, subscription, "cancellation_requested")
    elif status == "paused":
        pause(account, subscription, "trial_end_without_payment_method")
    else:
        with account.changing(subscription, UPDATED):
            subscription |= {"status": moved("trialing", status), "billing_cycle_anchor": now}
            set_period(subscription, *period_from(subscription, now))
            bill_cycle(account, subscription, (now, now))  # what a trial used costs nothing


def renew(account: Account, subscription: Object) -> None:
    """The next period begins, and its invoice is drafted."""
    start, finish = subscription["items"]["data"][0]["current_period_start"], due.period_end(subscription)
    with account.changing(subscription, UPDATED):
        set_period(subscription, *period_from(subscription, finish))
        bill_cycle(account, subscription, (start, finish))


def renewed(subscription: Object) -> Object:
    """What it will be in its next period."""
    later: Object = copied(subscription)
    set_period(later, *period_from(later, due.period_end(later)))
    return later


def next_lines(account: Account, subscription: Object) -> list[lines.Line]:
    """What the next renewal would be billed for, if it were now."""
    start, end = subscription["items"]["data"][0]["current_period_start"], due.period_end(subscription)
    is_trial = subscription["status"] == "trialing"
    used = lines.in_arrears(account, subscription, end if is_trial else start, end)
    waiting = account.private[subscription["id"]].get("pending_lines", [])
    return [*waiting, *used, *lines.in_advance(account, renewed(subscription))]


def upcoming(account: Account, subscription: Object) -> Object:
    """The invoice of the next renewal, as it would be now. It is kept nowhere."""
    start, end = subscription["items"]["data"][0]["current_period_start"], due.period_end(subscription)
    return invoicing.preview(account, subscription, next_lines(account, subscription), (start, end))


def bill_cycle(account: Account, subscription: Object, past: tuple[int, int]) -> Object:
    """An invoice for the new period, and for what was used in the past one; the caller tells of it."""
    charged = [*lines.in_arrears(account, subscription, *past), *lines.in_advance(account, subscription)]
    invoice = invoicing.draft(account, subscription, "subscription_cycle", charged, past, at_once=False)
    paused = subscription["pause_collection"]
    if subscription["status"] == "unpaid" or (paused and paused["behavior"] == "keep_as_draft"):
        with account.changing(invoice):
            invoice |= {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
    elif paused:
        invoicing.finalize(account, invoice)
        do = invoicing.void if paused["behavior"] == "void" else invoicing.mark_uncollectible
        do(account, invoice)
    return invoice


def wake_invoice(account: Account, invoice: Object) -> None:
    found = next_of_invoice(account, invoice)
    if found is None or found[0] > now_of(account, invoice):
        return
    match found[1]:
        case "finalize":
            finalize_and_charge(account, invoice)
        case "retry":
            charge(account, invoice)
        case "overdue":
            account.private[invoice["id"]]["is_overdue"] = True
            account.tell("invoice.overdue", invoice)
            account.plan(invoice)
            payment_failed(account, invoice)
        case "give_up":
            with account.changing(invoice, "invoice.updated"):
                invoice["auto_advance"] = False
            give_up(account, invoice)


# By payment


def subscription_for(account: Account, invoice: Object) -> Object:
    return account.find("subscription", attempts.subscription_of(invoice) or "")


def finalize_and_charge(account: Account, invoice: Object) -> None:
    invoicing.finalize(account, invoice)
    if invoice["amount_due"] == 0 or invoice["collection_method"] == "charge_automatically":
        charge(account, invoice)


def charge(account: Account, invoice: Object) -> str:
    """One attempt and what follows for the subscription; the first invoice has no retries."""
    is_first = subscription_for(account, invoice)["status"] == "incomplete"
    outcome = invoicing.charge(account, invoice, retries=not is_first)
    if outcome == "succeeds":
        payment_made(account, invoice)
    else:
        payment_failed(account, invoice)
        if not is_first and invoice["next_payment_attempt"] is None:
            give_up(account, invoice)
    return outcome


def payment_made(account: Account, invoice: Object) -> None:
    subscription = subscription_for(account, invoice)
    before = subscription["status"]
    decides = subscription["latest_invoice"]
    if before == "paused":
        decides = account.private[subscription["id"]].get("resumption")
    status = when_paid(before, is_latest=decides == invoice["id"])
    if before == "paused" and status == "active":
        unpause(account, subscription, "active")
        return
    with account.changing(subscription, UPDATED):
        subscription["status"] = moved(before, status)


def payment_failed(account: Account, invoice: Object) -> None:
    subscription = subscription_for(account, invoice)
    with account.changing(subscription, UPDATED):
        subscription["status"] = moved(subscription["status"], when_unpaid(subscription["status"]))


def give_up(account: Account, invoice: Object) -> None:
    subscription = subscription_for(account, invoice)
    status = when_given_up(subscription["status"], account.dunning.finally_)
    if status == "canceled":
        end(account, subscription, "payment_failed")
        return
    with account.changing(subscription, UPDATED):
        subscription["status"] = moved(subscription["status"], status)


def forgiven(account: Account, invoice: Object) -> None:
    """The invoice was voided or written off: the newest one no longer holds the subscription back."""
    if attempts.subscription_of(invoice) is None:
        return
    subscription = subscription_for(account, invoice)
    if subscription["status"] == "incomplete":
        if invoice["status"] == "void":
            expire(account, subscription)
    else:
        payment_made(account, invoice)


# Ends and pauses


def end(account: Account, subscription: Object, reason: str, details: Object | None = None) -> None:
    """Canceled now. What is still owed is not collected by itself any more."""
    now = now_of(account, subscription)
    if subscription["status"] in ENDED:
        return
    subscription |= {
        "status": moved(subscription["status"], when_canceled(subscription["status"])),
        "canceled_at": subscription["canceled_at"] or now,
        "ended_at": now,
        "pause_collection": None,
        "status_details": None,
        "cancellation_details": {"comment": None, "feedback": None} | (details or {}) | {"reason": reason},
    }
    account.tell("customer.subscription.deleted", subscription)
    for invoice in invoicing.open_invoices(account, subscription["id"]):
        with account.changing(invoice, "invoice.updated"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "automatically_finalizes_at": None}


def pause(account: Account, subscription: Object, reason: str) -> None:
    now = now_of(account, subscription)
    with account.changing(subscription, UPDATED):
        subscription["status"] = moved(subscription["status"], "paused")
        subscription["status_details"] = {
            "paused": {"subscription": {"type": reason}, "transitioned_at": now, "type": "subscription"}
        }
    account.tell("customer.subscription.paused", subscription)


def unpause(account: Account, subscription: Object, status: str) -> None:
    with account.changing(subscription, UPDATED):
        subscription |= {"status": moved("paused", status), "status_details": None}
    account.tell("customer.subscription.resumed", subscription)
