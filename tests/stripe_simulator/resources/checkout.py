"""Checkout sessions for subscriptions, and what completing one does."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import envelope, listed, matching
from tests.stripe_simulator.api.params import only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import NotSimulated, declined, invalid
from tests.stripe_simulator.resources import customers
from tests.stripe_simulator.sdk_types import completed
from tests.stripe_simulator.sdk_types.modules import record
from tests.stripe_simulator.subscriptions import starting
from tests.stripe_simulator.subscriptions.attempts import outcome_for
from tests.stripe_simulator.subscriptions.lines import is_metered
from tests.stripe_simulator.subscriptions.pricing import cost, rounded

SESSION = "checkout.session"
SIMULATED = {
    *(
        "allow_promotion_codes",
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_email",
        "expand",
        "expires_at",
    ),
    *("line_items", "locale", "metadata", "mode", "payment_method_collection", "subscription_data", "success_url"),
    *("automatic_tax", "billing_address_collection", "payment_method_types"),
}


@answers("post", "/v1/checkout/sessions")
def create(call: Call) -> Object:
    account, params = call.account, call.params
    only_simulated(params, SIMULATED)
    only_simulated(
        params.get("subscription_data", {}),
        {"description", "metadata", "trial_end", "trial_period_days", "trial_settings", "billing_cycle_anchor"},
    )
    if params.get("mode") != "subscription":
        raise NotSimulated(f"mode {params.get('mode')}")
    if "success_url" not in params:
        raise invalid("You must provide a success_url.", "success_url", "parameter_missing")
    if params.get("customer") and params.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.")
    if params.get("customer"):
        customers.existing(account, params["customer"])
    items = [_line(account, each, number) for number, each in enumerate(params.get("line_items", []))]
    if not items:
        raise invalid("You must provide line_items.", "line_items", "parameter_missing")
    expires_at = params.get("expires_at", account.clock.now + DAY)
    mode = "live" if account.livemode else "test"
    session_id = account.new_id(f"cs_{mode}", 58)
    return _insert(account, params, session_id, items, expires_at, f"{call.base_url}/_sim/checkout/{session_id}")


def _line(account: Account, params: Object, number: int) -> Object:
    only_simulated(params, {"price", "quantity"})
    price = account.find("price", params.get("price", ""), f"line_items[{number}][price]")
    amount, quantity, where = 0, params.get("quantity"), f"line_items[{number}]"
    if is_metered(price) and quantity is not None:
        message = f"Quantity should not be specified where usage_type is `metered`. Remove quantity from `{where}`"
        raise invalid(message, f"{where}[quantity]")
    if not is_metered(price):
        if quantity is None:
            raise invalid(f"Quantity is required. Add `quantity` to `{where}`", where)
        amount = rounded(cost(price, account.private[price["id"]]["tiers"], quantity))
    shape = record("stripe._line_item", "LineItem")
    given = {
        "id": account.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": account.find("product", price["product"])["name"],
        "price": dict(price),
        "quantity": quantity,
    }
    return completed(shape, given)


def _insert(
    account: Account, params: Object, session_id: str, items: list[Object], expires_at: int, url: str
) -> Object:
    total = 0 if _has_trial(params) else sum(item["amount_total"] for item in items)
    made = account.insert(
        SESSION,
        "cs",
        id=session_id,
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": False},
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=items[0]["currency"],
        custom_fields=[],
        custom_text={},
        customer=params.get("customer"),
        customer_creation=None if params.get("customer") else "always",
        customer_details=None,
        customer_email=params.get("customer_email"),
        expires_at=expires_at,
        metadata=params.get("metadata") or {},
        mode="subscription",
        payment_method_collection=params.get("payment_method_collection", "always"),
        payment_method_options={},
        payment_method_types=["card"],
        payment_status="unpaid",
        shipping_options=[],
        status="open",
        success_url=params["success_url"],
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode="hosted_page",
        url=url,
    )
    account.private[session_id] = {"items": items, "subscription_data": params.get("subscription_data", {})}
    return made


def _has_trial(params: Object) -> bool:
    data = params.get("subscription_data", {})
    return "trial_end" in data or bool(data.get("trial_period_days"))


def complete(account: Account, session: Object, *, email: str, card: str) -> Object:
    """The customer pays: a customer, a card and a subscription come of it. A card that fails leaves it open."""
    if session["status"] != "open":
        raise invalid(f"This session is {session['status']}.")
    private = account.private[session["id"]]
    customer_id = session["customer"] or _new_customer(account, session["customer_email"] or email)["id"]
    method = customers.attach(account, card, customer_id)
    if outcome_for(account, customer_id, method["id"]) != "succeeds" and session["amount_total"]:
        raise declined()
    made = starting.start(
        account,
        {
            "customer": customer_id,
            "default_payment_method": method["id"],
            "items": [
                {"price": item["price"]["id"]} | ({} if is_metered(item["price"]) else {"quantity": item["quantity"]})
                for item in private["items"]
            ],
            **private["subscription_data"],
        },
    )
    customer = account.find("customer", customer_id)
    with account.changing(session, "checkout.session.completed"):
        session |= {
            "status": "complete",
            "payment_status": "paid" if session["amount_total"] else "no_payment_required",
            "customer": customer_id,
            "subscription": made["id"],
            "invoice": made["latest_invoice"],
            "url": None,
            "customer_details": {
                "email": customer["email"],
                "name": customer["name"],
                "phone": None,
                "address": None,
                "tax_exempt": "none",
                "tax_ids": [],
                "business_name": None,
                "individual_name": None,
            },
        }
    return session


def _new_customer(account: Account, email: str) -> Object:
    return account.insert(
        "customer",
        "cus",
        "customer.created",
        email=email,
        balance=0,
        delinquent=False,
        invoice_settings={},
        livemode=account.livemode,
        metadata={},
        tax_exempt="none",
        test_clock=None,
    )


def expire(account: Account, session: Object) -> Object:
    if session["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status '
            f"of `{session['status']}`."
        )
    with account.changing(session, "checkout.session.expired"):
        session |= {"status": "expired", "url": None}
    return session


def expire_if_due(account: Account, session: Object, now: int) -> None:
    if session["status"] == "open" and session["expires_at"] <= now:
        expire(account, session)


@answers("get", "/v1/checkout/sessions/{session}")
def retrieve(call: Call) -> Object:
    return call.account.find(SESSION, call.ids[0])


@answers("post", "/v1/checkout/sessions/{session}/expire")
def expire_session(call: Call) -> Object:
    return expire(call.account, call.account.find(SESSION, call.ids[0]))


@answers("get", "/v1/checkout/sessions")
def list_all(call: Call) -> Object:
    names = {"created", "customer", "ending_before", "expand", "limit", "starting_after", "status", "subscription"}
    only_simulated(call.params, names)
    return listed(call, matching(call, call.account.all(SESSION), "customer", "status", "subscription"))


@answers("get", "/v1/checkout/sessions/{session}/line_items")
def list_items(call: Call) -> Object:
    session = call.account.find(SESSION, call.ids[0])
    return listed(call, reversed(call.account.private[session["id"]]["items"]))


def _items(account: Account, session: Object) -> Object:
    items = account.private[session["id"]]["items"]
    return envelope(items[:10], f"/v1/checkout/sessions/{session['id']}/line_items", has_more=len(items) > 10)


INCLUDABLE[SESSION, "line_items"] = _items
