"""The items of a subscription: their price and quantity, and what a change of them costs at once."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.api.params import merge_metadata, only_simulated
from tests.stripe_simulator.refusals import NotSimulated, invalid
from tests.stripe_simulator.sdk_types import completed, object_shape
from tests.stripe_simulator.subscriptions import life, lines


def new_item(account: Account, subscription_id: str, params: Object, now: int) -> Object:
    only_simulated(params, {"price", "quantity", "metadata"})
    if "price" not in params:
        raise invalid("Missing required param: items[0][price].", "items[0][price]", "parameter_missing")
    price = account.find("price", params["price"], "items[0][price]")
    if price["recurring"] is None:
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            "items[0][price]",
        )
    if not price["active"]:
        raise invalid(
            f"The price specified is inactive. This field only accepts active prices: {price['id']}", "items[0][price]"
        )
    shape = object_shape("subscription_item")
    item = completed(
        shape,
        {
            "id": account.new_id("si", 14),
            "object": "subscription_item",
            "created": now,
            "current_period_start": now,
            "current_period_end": now,
            "discounts": [],
            "metadata": params.get("metadata") or {},
            "subscription": subscription_id,
            "tax_rates": [],
        },
    )
    item.pop("quantity")
    account.private[item["id"]] = {"subscription": subscription_id}
    set_price(item, price, params.get("quantity"))
    return item


def set_price(item: Object, price: Object, quantity: int | None) -> None:
    item |= {"price": dict(price), "plan": plan_of(price)}
    if not lines.is_metered(price):
        item["quantity"] = item.get("quantity", 1) if quantity is None else quantity
    elif quantity is not None:
        raise invalid(f"Price {price['id']} has `usage_type=metered`: a quantity cannot be given.", "quantity")
    else:
        item.pop("quantity", None)


def plan_of(price: Object) -> Object:
    """The old name of a price, which Stripe still shows beside it."""
    shape, recurring = object_shape("plan"), price["recurring"]
    return completed(
        shape,
        {
            "id": price["id"],
            "object": "plan",
            "active": price["active"],
            "amount": price["unit_amount"],
            "amount_decimal": price["unit_amount_decimal"],
            "billing_scheme": price["billing_scheme"],
            "created": price["created"],
            "currency": price["currency"],
            "interval": recurring["interval"],
            "interval_count": recurring["interval_count"],
            "livemode": price["livemode"],
            "metadata": price["metadata"],
            "meter": recurring["meter"],
            "product": price["product"],
            "tiers_mode": price["tiers_mode"],
            "usage_type": recurring["usage_type"],
        },
        frozenset({"tiers"}),
    )


def change_items(account: Account, subscription: Object, wanted: list[Object], behavior: str) -> bool:
    """Whether the interval changed, so that a period begins."""
    held, before = subscription["items"]["data"], life.interval_of(subscription)
    for params in wanted:
        only_simulated(params, {"id", "price", "quantity", "deleted", "metadata", "clear_usage"})
        if "id" in params:
            item = next((each for each in held if each["id"] == params["id"]), None)
            if item is None:
                raise invalid(f"No such subscription item: '{params['id']}'", "items[0][id]", "resource_missing")
            change_item(account, subscription, item, params, behavior)
        else:
            start, end = held[0]["current_period_start"], held[0]["current_period_end"]
            item = new_item(account, subscription["id"], params, life.now_of(account, subscription))
            item |= {"current_period_start": start, "current_period_end": end}
            held.append(item)
            prorate(account, subscription, None, item, behavior)
    if not held:
        raise invalid("A subscription must have at least one active plan. To end it, cancel it.", "items")
    require_one_interval(held)
    return life.interval_of(subscription) != before


def change_item(account: Account, subscription: Object, item: Object, params: Object, behavior: str) -> None:
    before = dict(item)
    if params.get("deleted"):
        subscription["items"]["data"].remove(item)
        prorate(account, subscription, before, None, behavior)
        return
    price = account.find("price", params["price"], "items[0][price]") if "price" in params else item["price"]
    set_price(item, price, params.get("quantity"))
    merge_metadata(item, params)
    if before["price"]["id"] != item["price"]["id"] or before.get("quantity") != item.get("quantity"):
        prorate(account, subscription, before, item, behavior)


def prorate(account: Account, subscription: Object, before: Object | None, item: Object | None, behavior: str) -> None:
    """Lines that wait for the next invoice. A change of interval bills the new period in full instead."""
    if behavior == "none" or subscription["status"] in ("trialing", "paused"):
        return
    now, waiting = (
        life.now_of(account, subscription),
        account.private[subscription["id"]].setdefault("pending_lines", []),
    )
    if before is not None and not lines.is_metered(before["price"]):
        waiting.append(lines.credit(account, before, now))
    keeps_interval = (
        before is None
        or item is None
        or all(
            before["price"]["recurring"][name] == item["price"]["recurring"][name]
            for name in ("interval", "interval_count")
        )
    )
    if item is not None and keeps_interval and not lines.is_metered(item["price"]):
        waiting.append(lines.debit(account, item, now))


def require_one_interval(held: list[Object]) -> None:
    recurring = [item["price"]["recurring"] for item in held]
    if len({(each["interval"], each["interval_count"]) for each in recurring}) > 1:
        raise NotSimulated("items with different intervals")
