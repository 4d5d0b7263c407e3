"""Products and prices."""

from __future__ import annotations

from decimal import Decimal

from tests.stripe_simulator.account import INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import listed, matching
from tests.stripe_simulator.api.params import merge_metadata, only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import invalid
from tests.stripe_simulator.subscriptions.pricing import rounded

PLAIN = ("description", "images", "statement_descriptor", "tax_code", "unit_label", "url")
PRODUCT = {*PLAIN, "active", "default_price", "expand", "id", "marketing_features", "metadata", "name", "type"}
PRICE = {
    *(
        "active",
        "billing_scheme",
        "currency",
        "expand",
        "lookup_key",
        "metadata",
        "nickname",
        "product",
        "product_data",
    ),
    *("recurring", "tax_behavior", "tiers", "tiers_mode", "transform_quantity", "transfer_lookup_key"),
    *("unit_amount", "unit_amount_decimal"),
}


# Products


def make_product(account: Account, params: Object) -> Object:
    only_simulated(params, PRODUCT - {"default_price"})
    now = account.clock.now
    return account.insert(
        "product",
        "prod",
        "product.created",
        **{name: params[name] or None for name in PLAIN if name in params and name != "images"},
        **({"id": params["id"]} if "id" in params else {}),
        active=params.get("active", True),
        images=params.get("images") or [],
        marketing_features=params.get("marketing_features") or [],
        metadata=params.get("metadata") or {},
        name=params["name"],
        type=params.get("type", "service"),
        updated=now,
    )


@answers("post", "/v1/products")
def create_product(call: Call) -> Object:
    return make_product(call.account, call.params)


@answers("get", "/v1/products/{id}")
def retrieve_product(call: Call) -> Object:
    return call.account.find("product", call.ids[0])


@answers("post", "/v1/products/{id}")
def update_product(call: Call) -> Object:
    only_simulated(call.params, PRODUCT - {"id", "type"})
    product = call.account.find("product", call.ids[0])
    with call.account.changing(product, "product.updated"):
        for name in (*PLAIN, "active", "default_price", "name"):
            if name in call.params:
                product[name] = call.params[name] if call.params[name] != "" else None
        product["images"] = product["images"] or []
        merge_metadata(product, call.params)
        product["updated"] = call.clock.now
    return product


@answers("delete", "/v1/products/{id}")
def delete_product(call: Call) -> Object:
    product = call.account.find("product", call.ids[0])
    if any(price["product"] == product["id"] for price in call.account.all("price")):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    del call.account.tables["product"][product["id"]]
    call.account.tell("product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


@answers("get", "/v1/products")
def list_products(call: Call) -> Object:
    names = {"active", "created", "ending_before", "expand", "ids", "limit", "starting_after"}
    only_simulated(call.params, names)
    ids = call.params.get("ids")
    there = [each for each in call.account.all("product") if ids is None or each["id"] in ids]
    return listed(call, matching(call, there, "active"))


# Prices


@answers("post", "/v1/prices")
def create_price(call: Call) -> Object:
    account, params = call.account, call.params
    only_simulated(params, PRICE)
    if ("product" in params) == ("product_data" in params):
        raise invalid("You must specify either `product` or `product_data` when creating a price.", "product")
    scheme = params.get("billing_scheme", "per_unit")
    _check_amount(params, scheme)
    product = params.get("product") and account.find("product", params["product"], "product")["id"]
    if product is None:
        product = make_product(account, params["product_data"])["id"]
    _free_lookup_key(account, params)
    decimal = None if scheme == "tiered" else _decimal(params)
    made = account.insert(
        "price",
        "price",
        active=params.get("active", True),
        billing_scheme=scheme,
        currency=params["currency"].lower(),
        lookup_key=params.get("lookup_key"),
        metadata=params.get("metadata") or {},
        nickname=params.get("nickname"),
        product=product,
        recurring=_recurring(account, params.get("recurring")),
        tax_behavior=params.get("tax_behavior", "unspecified"),
        tiers_mode=params.get("tiers_mode"),
        transform_quantity=params.get("transform_quantity"),
        type="recurring" if "recurring" in params else "one_time",
        unit_amount=int(decimal) if decimal is not None and decimal == int(decimal) else None,
        unit_amount_decimal=None if decimal is None else plain(decimal),
    )
    account.private[made["id"]]["tiers"] = [_tier(each) for each in params.get("tiers", [])]
    account.tell("price.created", made)
    return made


def _check_amount(params: Object, scheme: str) -> None:
    if scheme == "tiered":
        if not params.get("tiers") or "tiers_mode" not in params:
            raise invalid("Missing required param: tiers.", "tiers", "parameter_missing")
        if params["tiers"][-1]["up_to"] != "inf":
            raise invalid("The last tier must have `up_to` set to `inf`.", "tiers")
    elif ("unit_amount" in params) == ("unit_amount_decimal" in params):
        raise invalid("Prices require exactly one of `unit_amount` and `unit_amount_decimal`.", "unit_amount")


def _decimal(params: Object) -> Decimal:
    return Decimal(params["unit_amount"] if "unit_amount" in params else params["unit_amount_decimal"])


def plain(decimal: Decimal) -> str:
    """Without exponent and needless zeros."""
    text = f"{decimal:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tier(params: Object) -> Object:
    tier: Object = {"up_to": None if params["up_to"] == "inf" else params["up_to"]}
    for name in ("unit_amount", "flat_amount"):
        given = params.get(name, params.get(f"{name}_decimal"))
        decimal = None if given is None else Decimal(given)
        tier[f"{name}_decimal"] = None if decimal is None else plain(decimal)
        tier[name] = rounded(decimal) if decimal is not None and decimal == int(decimal) else None
    return tier


def _recurring(account: Account, params: Object | None) -> Object | None:
    if params is None:
        return None
    usage, meter = params.get("usage_type", "licensed"), params.get("meter")
    if (usage == "metered") != (meter is not None):
        raise invalid("Metered prices must be backed by a meter, and licensed ones cannot be.", "recurring[meter]")
    if meter is not None:
        account.find("billing.meter", meter, "recurring[meter]")
    return {
        "interval": params["interval"],
        "interval_count": params.get("interval_count", 1),
        "meter": meter,
        "trial_period_days": None,
        "usage_type": usage,
    }


def _free_lookup_key(account: Account, params: Object) -> None:
    key = params.get("lookup_key")
    holder = next((each for each in account.all("price") if key and each["lookup_key"] == key), None)
    if holder is None:
        return
    if not params.get("transfer_lookup_key"):
        raise invalid(f"A price (`{holder['id']}`) already uses that lookup key.", "lookup_key")
    with account.changing(holder, "price.updated"):
        holder["lookup_key"] = None


@answers("get", "/v1/prices/{price}")
def retrieve_price(call: Call) -> Object:
    return call.account.find("price", call.ids[0])


@answers("post", "/v1/prices/{price}")
def update_price(call: Call) -> Object:
    only_simulated(call.params, {"active", "expand", "lookup_key", "metadata", "nickname", "transfer_lookup_key"})
    price = call.account.find("price", call.ids[0])
    _free_lookup_key(call.account, call.params)
    with call.account.changing(price, "price.updated"):
        for name in ("active", "lookup_key", "nickname"):
            if name in call.params:
                price[name] = call.params[name] if call.params[name] != "" else None
        merge_metadata(price, call.params)
    return price


@answers("get", "/v1/prices")
def list_prices(call: Call) -> Object:
    names = {"active", "created", "currency", "ending_before", "expand", "limit", "lookup_keys", "product"}
    only_simulated(call.params, {*names, "recurring", "starting_after", "type"})
    keys, recurring = call.params.get("lookup_keys"), call.params.get("recurring", {})
    there = [
        each
        for each in call.account.all("price")
        if (keys is None or each["lookup_key"] in keys)
        and all((each["recurring"] or {}).get(name) == value for name, value in recurring.items())
    ]
    return listed(call, matching(call, there, "active", "currency", "product", "type"))


INCLUDABLE["price", "tiers"] = lambda account, price: account.private[price["id"]]["tiers"] or None
INCLUDABLE["price", "currency_options"] = lambda _account, _price: None
