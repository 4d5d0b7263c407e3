"""Customers and their payment methods."""

from __future__ import annotations

from tests.stripe_simulator.account import INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import envelope, listed, matching
from tests.stripe_simulator.api.params import merge_metadata, needed, only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import declined, invalid
from tests.stripe_simulator.resources import clocks
from tests.stripe_simulator.subscriptions import life
from tests.stripe_simulator.subscriptions.attempts import BEHAVIOURS
from tests.stripe_simulator.subscriptions.status import ENDED

PLAIN = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")
SIMULATED = {*PLAIN, "expand", "invoice_settings", "metadata", "payment_method", "test_clock"}


@answers("post", "/v1/customers")
def create(call: Call) -> Object:
    only_simulated(call.params, SIMULATED)
    params, account = call.params, call.account
    if "test_clock" in params:
        account.find("test_helpers.test_clock", params["test_clock"], "test_clock")
        clocks.require_room(account, params["test_clock"])
    customer = account.insert(
        "customer",
        "cus",
        None,
        **{name: params[name] or None for name in PLAIN if name in params},
        balance=0,
        delinquent=False,
        invoice_prefix=account.new_id("", 8)[1:].upper(),
        invoice_settings={},
        livemode=account.livemode,
        metadata=params.get("metadata") or {},
        tax_exempt="none",
        test_clock=params.get("test_clock"),
    )
    _take_methods(account, customer, params)
    account.tell("customer.created", customer)
    return customer


def _take_methods(account: Account, customer: Object, params: Object) -> None:
    if "payment_method" in params:
        attach(account, params["payment_method"], customer["id"])
    settings = params.get("invoice_settings") or {}
    only_simulated(settings, {"default_payment_method"})
    if "default_payment_method" in settings:
        wanted = settings["default_payment_method"] or None
        held = wanted and held_method(account, wanted, customer["id"])
        customer["invoice_settings"]["default_payment_method"] = held and held["id"]


def held_method(account: Account, method_id: str, customer_id: str) -> Object:
    """The customer's own; Stripe's test names stand for the newest card that was made of them."""
    for method in reversed(account.all("payment_method")):
        if method["customer"] == customer_id and method_id in (method["id"], account.private[method["id"]]["name"]):
            return method
    raise invalid(
        f"No such PaymentMethod: '{method_id}'", "invoice_settings[default_payment_method]", "resource_missing"
    )


@answers("get", "/v1/customers/{customer}")
def retrieve(call: Call) -> Object:
    return call.account.find("customer", call.ids[0])


@answers("post", "/v1/customers/{customer}")
def update(call: Call) -> Object:
    only_simulated(call.params, SIMULATED - {"payment_method", "test_clock"})
    customer = existing(call.account, call.ids[0])
    with call.account.changing(customer, "customer.updated"):
        customer |= {name: call.params[name] or None for name in PLAIN if name in call.params}
        merge_metadata(customer, call.params)
        _take_methods(call.account, customer, call.params)
    return customer


def existing(account: Account, customer_id: str) -> Object:
    """404 if it was deleted, too."""
    customer = account.find("customer", customer_id)
    if customer.get("deleted"):
        raise invalid(f"No such customer: '{customer_id}'", "id", "resource_missing")
    return customer


@answers("delete", "/v1/customers/{customer}")
def delete(call: Call) -> Object:
    """Its subscriptions end at once; it can still be retrieved, as deleted."""
    account, customer = call.account, existing(call.account, call.ids[0])
    for subscription in account.all("subscription"):
        if subscription["customer"] == customer["id"] and subscription["status"] not in ENDED:
            life.end(account, subscription, "cancellation_requested")
    account.tell("customer.deleted", customer)
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    account.private[customer["id"]]["test_clock"] = customer["test_clock"]
    customer.clear()
    customer |= gone
    return gone


@answers("get", "/v1/customers")
def list_all(call: Call) -> Object:
    """Those of test clocks are left out unless theirs is named."""
    only_simulated(
        call.params, {"created", "email", "ending_before", "expand", "limit", "starting_after", "test_clock"}
    )
    there = [
        each
        for each in call.account.all("customer")
        if not each.get("deleted") and ("test_clock" in call.params or each["test_clock"] is None)
    ]
    return listed(call, matching(call, there, "email", "test_clock"))


def _subscriptions(account: Account, customer: Object) -> Object:
    held = [each for each in account.all("subscription") if each["customer"] == customer["id"]]
    live = [each for each in reversed(held) if each["status"] not in ENDED]
    return envelope(live[:10], f"/v1/customers/{customer['id']}/subscriptions", has_more=len(live) > 10)


INCLUDABLE["customer", "subscriptions"] = _subscriptions
for _field in (
    "cash_balance",
    "invoice_credit_balance",
    "sources",
    "tax",
    "tax_ids",
    "business_name",
    "individual_name",
):
    INCLUDABLE["customer", _field] = lambda _account, _customer: None


# Payment methods


def attach(account: Account, name: str, customer_id: str) -> Object:
    """A card of Stripe's test names, or one that exists."""
    if name == "pm_card_chargeDeclined":  # declined already when it is attached
        raise declined()
    known = account.tables.get("payment_method", {}).get(name)
    if known is None and name not in BEHAVIOURS:
        raise invalid(f"No such PaymentMethod: '{name}'", "payment_method", "resource_missing")
    method = known or account.insert(
        "payment_method",
        "pm",
        allow_redisplay="unspecified",
        billing_details={},
        card={
            "brand": "visa",
            "country": "US",
            "exp_month": 12,
            "exp_year": 2060,
            "funding": "credit",
            "last4": "4242",
        },
        type="card",
    )
    if known is None:
        account.private[method["id"]] = {"behaviour": BEHAVIOURS[name], "name": name}
    with account.changing(method, "payment_method.attached"):
        method["customer"] = customer_id
    return method


@answers("post", "/v1/payment_methods/{payment_method}/attach")
def attach_method(call: Call) -> Object:
    only_simulated(call.params, {"customer", "expand"})
    customer = existing(call.account, needed(call.params, "customer"))
    return attach(call.account, call.ids[0], customer["id"])


@answers("get", "/v1/payment_methods")
def list_methods(call: Call) -> Object:
    only_simulated(call.params, {"customer", "ending_before", "expand", "limit", "starting_after", "type"})
    return listed(call, matching(call, call.account.all("payment_method"), "customer", "type"))
