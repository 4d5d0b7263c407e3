"""What owners and customers ask of a subscription that there is: to change, cancel, pause and resume it."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.api.params import merge_metadata, only_simulated
from tests.stripe_simulator.refusals import NotSimulated, invalid
from tests.stripe_simulator.subscriptions import invoicing, life, lines
from tests.stripe_simulator.subscriptions.items import change_items, prorate
from tests.stripe_simulator.subscriptions.starting import SIMULATED, schedule_end
from tests.stripe_simulator.subscriptions.status import ENDED, moved


def update(account: Account, subscription: Object, params: Object) -> Object:
    only_simulated(params, SIMULATED)
    _refuse_if_ended(subscription, params)
    if params.get("payment_behavior") == "pending_if_incomplete":
        raise NotSimulated("pending updates")
    now, behavior = life.now_of(account, subscription), params.get("proration_behavior", "create_prorations")
    with account.changing(subscription, life.UPDATED):
        _set_plain(account, subscription, params)
        begins_anew = change_items(account, subscription, params.get("items", []), behavior)
        anchor = params.get("billing_cycle_anchor") or {}
        begins_anew = begins_anew or anchor.get("type") == "now"
        begins_anew = _set_trial(subscription, params, now) or begins_anew
        begins_anew = begins_anew and subscription["status"] != "paused"  # then its resumption begins the period
        if begins_anew:
            subscription["billing_cycle_anchor"] = now
            life.set_period(subscription, *life.period_from(subscription, now))
        schedule_end(subscription, params)
        if subscription["cancel_at"] is None:
            subscription["canceled_at"] = None
        elif subscription["canceled_at"] is None:
            subscription["canceled_at"] = now
    if begins_anew or (behavior == "always_invoice" and account.private[subscription["id"]].get("pending_lines")):
        charged = lines.in_advance(account, subscription) if begins_anew else []
        _bill_now(account, subscription, charged, now)
    return subscription


def _refuse_if_ended(subscription: Object, params: Object) -> None:
    allowed = {"metadata", "cancellation_details", "expand"}
    if subscription["status"] in ENDED and params.keys() - allowed:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if subscription["status"] == "incomplete" and params.keys() - allowed - {"default_payment_method"}:
        raise invalid("Subscription is incomplete: only its metadata and default payment method can be updated.")

    if subscription["status"] == "paused" and params.keys() & {"trial_end", "billing_cycle_anchor"}:
        raise invalid("A paused subscription has no periods: resume it first.")


def _set_plain(account: Account, subscription: Object, params: Object) -> None:
    merge_metadata(subscription, params)
    for name in ("description", "default_payment_method", "days_until_due", "collection_method", "trial_settings"):
        if name in params:
            subscription[name] = params[name] or None
    if params.get("cancellation_details"):
        subscription["cancellation_details"] |= params["cancellation_details"]
    if "pause_collection" in params:
        wanted = params["pause_collection"]
        subscription["pause_collection"] = {"resumes_at": None} | wanted if wanted else None
    if subscription["default_payment_method"]:
        account.find("payment_method", subscription["default_payment_method"], "default_payment_method")


def _set_trial(subscription: Object, params: Object, now: int) -> bool:
    """Whether it ended the trial, so that a period begins."""
    if "trial_end" not in params:
        return False
    wanted = params["trial_end"]
    if wanted == "now":
        if subscription["status"] != "trialing":
            return False
        subscription |= {"status": moved("trialing", "active"), "trial_end": now}
        return True
    if wanted <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    subscription |= {
        "status": moved(subscription["status"], "trialing"),
        "trial_start": subscription["trial_start"] or now,
        "trial_end": wanted,
        "billing_cycle_anchor": wanted,
    }
    life.set_period(subscription, now, wanted)
    return False


def _bill_now(account: Account, subscription: Object, charged: list[lines.Line], now: int) -> None:
    with account.changing(subscription, life.UPDATED):
        invoice = invoicing.draft(account, subscription, "subscription_update", charged, (now, now), at_once=True)
    if subscription["collection_method"] == "send_invoice":
        invoicing.finalize(account, invoice)
    else:
        life.finalize_and_charge(account, invoice)


def cancel(account: Account, subscription: Object, params: Object) -> Object:
    only_simulated(params, {"cancellation_details", "expand", "invoice_now", "prorate"})
    if params.get("prorate"):
        raise NotSimulated("prorate")
    details = {name: value or None for name, value in (params.get("cancellation_details") or {}).items()}
    if params.get("invoice_now") and subscription["status"] not in (*ENDED, "incomplete"):
        item, now = subscription["items"]["data"][0], life.now_of(account, subscription)
        used = lines.in_arrears(account, subscription, item["current_period_start"], now)
        period = (item["current_period_start"], now)
        if used:
            with account.changing(subscription, life.UPDATED):
                invoicing.draft(account, subscription, "subscription_cycle", used, period, at_once=False)
            life.end(account, subscription, "cancellation_requested", details)
            last = account.find("invoice", subscription["latest_invoice"])
            life.finalize_and_charge(account, last)
            return subscription
    life.end(account, subscription, "cancellation_requested", details)
    return subscription


def pause(account: Account, subscription: Object, params: Object) -> Object:
    only_simulated(params, {"bill_for", "expand", "invoicing_behavior", "type"})
    if subscription["status"] not in ("active", "past_due"):
        raise invalid(f"A subscription that is {subscription['status']} cannot be paused.")
    credits_from = params.get("bill_for", {}).get("unused_time_from", {}).get("type", "now")
    if params.get("invoicing_behavior") == "invoice" or credits_from == "item_current_period_start":
        raise NotSimulated("an invoice when pausing")
    if credits_from == "now":
        for item in subscription["items"]["data"]:
            prorate(account, subscription, item, None, "create_prorations")
    life.pause(account, subscription, "pause_requested")
    return subscription


def resume(account: Account, subscription: Object, params: Object) -> Object:
    only_simulated(params, {"billing_cycle_anchor", "expand", "payment_behavior", "proration_behavior"})
    if subscription["status"] != "paused":
        raise invalid("You can only resume a subscription that is paused.")
    now = life.now_of(account, subscription)
    if params.get("billing_cycle_anchor", {}).get("type") == "unchanged":
        with account.changing(subscription):
            life.set_period(subscription, *_current_period(subscription, now))
        life.unpause(account, subscription, "active")
        for item in subscription["items"]["data"]:
            prorate(account, subscription, None, item, params.get("proration_behavior", "create_prorations"))
        return subscription
    with account.changing(subscription, life.UPDATED):
        subscription["billing_cycle_anchor"] = now
        life.set_period(subscription, *life.period_from(subscription, now))
        charged = lines.in_advance(account, subscription)
        invoice = invoicing.draft(account, subscription, "subscription_update", charged, (now, now), at_once=True)
    account.private[subscription["id"]]["resumption"] = invoice["id"]
    if subscription["collection_method"] == "send_invoice":
        invoicing.finalize(account, invoice)
        life.unpause(account, subscription, "active")
    else:
        life.finalize_and_charge(account, invoice)
        if subscription["status"] == "paused" and params.get("payment_behavior") == "resume_on_payment_attempt":
            life.unpause(account, subscription, "past_due")
    return subscription


def _current_period(subscription: Object, now: int) -> tuple[int, int]:
    start, end = (subscription["items"]["data"][0][name] for name in ("current_period_start", "current_period_end"))
    while end <= now:
        start, end = life.period_from(subscription, end)
    return start, end
