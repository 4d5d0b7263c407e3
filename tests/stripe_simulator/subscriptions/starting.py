"""A new subscription, and its first invoice."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, Account, Object
from tests.stripe_simulator.api.listing import envelope
from tests.stripe_simulator.api.params import needed, only_simulated
from tests.stripe_simulator.refusals import declined, invalid
from tests.stripe_simulator.subscriptions import attempts, invoicing, life, lines
from tests.stripe_simulator.subscriptions.items import new_item, require_one_interval
from tests.stripe_simulator.subscriptions.status import at_start

SIMULATED = {
    *("billing_cycle_anchor", "billing_mode", "cancel_at", "cancel_at_period_end", "cancellation_details"),
    *("collection_method", "currency", "customer", "days_until_due", "default_payment_method", "description"),
    *("expand", "items", "metadata", "off_session", "pause_collection", "payment_behavior", "proration_behavior"),
    *("proration_date", "trial_end", "trial_period_days", "trial_settings", "payment_settings"),
}


def start(account: Account, params: Object) -> Object:
    only_simulated(params, SIMULATED)
    customer = account.find("customer", needed(params, "customer"), "customer")
    if customer.get("deleted"):
        raise invalid(f"No such customer: '{customer['id']}'", "customer", "resource_missing")
    now, subscription_id = life.now_of(account, customer), account.new_id("sub")
    items = [new_item(account, subscription_id, each, now) for each in params.get("items", [])]
    if not items:
        raise invalid("Missing required param: items.", "items", "parameter_missing")
    require_one_interval(items)
    trial_end = _trial_end(params, now)
    subscription = _shape(account, subscription_id, customer, items, params, trial_end, now)
    amount = sum(line.amount for line in lines.in_advance(account, subscription, is_trial=trial_end is not None))
    behavior, method = params.get("payment_behavior", "allow_incomplete"), attempts.method_for(account, subscription)
    is_sent = subscription["collection_method"] == "send_invoice"
    if amount > 0 and not is_sent and behavior in ("allow_incomplete", "error_if_incomplete"):
        if method is None:
            raise invalid(
                "This customer has no attached payment source or default payment method. Please consider "
                "adding a default payment method.",
                code="resource_missing",
            )
        if behavior == "error_if_incomplete" and attempts.outcome_for(account, customer["id"], method) != "succeeds":
            raise declined()
    subscription["status"] = at_start(is_trial=trial_end is not None, is_sent=is_sent, amount=amount)
    made = account.insert("subscription", "sub", **subscription)
    _first_invoice(account, made, is_trial=trial_end is not None, charges=behavior != "default_incomplete")
    return made


def _trial_end(params: Object, now: int) -> int | None:
    if "trial_period_days" in params:
        return now + params["trial_period_days"] * DAY if params["trial_period_days"] else None
    wanted = params.get("trial_end", "now")
    if wanted == "now":
        return None
    if wanted <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    return int(wanted)


def _shape(
    account: Account,
    subscription_id: str,
    customer: Object,
    items: list[Object],
    params: Object,
    trial_end: int | None,
    now: int,
) -> Object:
    currency = items[0]["price"]["currency"]
    if any(item["price"]["currency"] != currency for item in items):
        raise invalid("All prices on a subscription must have the same currency.", "items")
    is_sent = params.get("collection_method") == "send_invoice"
    if is_sent and not params.get("days_until_due"):
        raise invalid("You must pass `days_until_due` when `collection_method` is `send_invoice`.", "days_until_due")
    shaped: Object = {
        "id": subscription_id,
        "object": "subscription",
        "automatic_tax": {"enabled": False},
        "billing_cycle_anchor": trial_end or params.get("billing_cycle_anchor") or now,
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
        "billing_schedules": [],
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {},
        "collection_method": params.get("collection_method", "charge_automatically"),
        "currency": currency,
        "customer": customer["id"],
        "days_until_due": params.get("days_until_due") if is_sent else None,
        "default_payment_method": params.get("default_payment_method"),
        "default_tax_rates": [],
        "description": params.get("description"),
        "discounts": [],
        "invoice_settings": {"issuer": {"type": "self"}},
        "items": envelope(items, f"/v1/subscription_items?subscription={subscription_id}"),
        "metadata": params.get("metadata") or {},
        "pause_collection": None,
        "start_date": now,
        "test_clock": customer["test_clock"],
        "trial_end": trial_end,
        "trial_settings": params.get("trial_settings")
        or {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": now if trial_end else None,
    }
    period = (now, trial_end) if trial_end else life.period_from(shaped, now)
    if params.get("billing_cycle_anchor", now) > now:
        period = (now, min(period[1], params["billing_cycle_anchor"]))
    life.set_period(shaped, *period)
    schedule_end(shaped, params)
    return shaped


def _first_invoice(account: Account, subscription: Object, *, is_trial: bool, charges: bool) -> None:
    """The subscription is told of with its invoice, and before the invoice is paid."""
    item = subscription["items"]["data"][0]
    period = (item["current_period_start"], item["current_period_start"])
    is_sent = subscription["collection_method"] == "send_invoice"
    if not (is_sent and is_trial):
        charged = lines.in_advance(account, subscription, is_trial=is_trial)
        invoice = invoicing.draft(account, subscription, "subscription_create", charged, period, at_once=not is_sent)
    account.tell("customer.subscription.created", subscription)
    if is_sent:
        return
    invoicing.finalize(account, invoice)
    if charges or invoice["amount_due"] == 0:
        life.charge(account, invoice)
    else:
        attempts.intent_of(account, invoice)


def schedule_end(subscription: Object, params: Object) -> None:
    """`cancel_at` and `cancel_at_period_end`; "" and false take them back."""
    if "cancel_at" in params:
        wanted = params["cancel_at"]
        if isinstance(wanted, str) and wanted:
            wanted = max(item["current_period_end"] for item in subscription["items"]["data"])
        subscription |= {"cancel_at": wanted or None, "cancel_at_period_end": False}
    elif "cancel_at_period_end" in params:
        is_wanted = params["cancel_at_period_end"]
        ends = max(item["current_period_end"] for item in subscription["items"]["data"])
        subscription |= {"cancel_at": ends if is_wanted else None, "cancel_at_period_end": is_wanted}
