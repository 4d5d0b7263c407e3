"""Subscriptions and their items: what the API asks of them; how they live is in `subscriptions/`."""

from __future__ import annotations

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.api.listing import listed, matching
from tests.stripe_simulator.api.params import only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import missing
from tests.stripe_simulator.subscriptions import changes, starting
from tests.stripe_simulator.subscriptions.status import ENDED


@answers("post", "/v1/subscriptions")
def create(call: Call) -> Object:
    return starting.start(call.account, call.params)


def _found(call: Call) -> Object:
    return call.account.find("subscription", call.ids[0])


@answers("get", "/v1/subscriptions/{id}")
def retrieve(call: Call) -> Object:
    return _found(call)


@answers("post", "/v1/subscriptions/{id}")
def update(call: Call) -> Object:
    return changes.update(call.account, _found(call), call.params)


@answers("delete", "/v1/subscriptions/{id}")
def cancel(call: Call) -> Object:
    subscription = _found(call)
    if subscription["status"] in ENDED:
        raise missing("subscription", subscription["id"])
    return changes.cancel(call.account, subscription, call.params)


@answers("post", "/v1/subscriptions/{subscription}/pause")
def pause(call: Call) -> Object:
    return changes.pause(call.account, _found(call), call.params)


@answers("post", "/v1/subscriptions/{subscription}/resume")
def resume(call: Call) -> Object:
    return changes.resume(call.account, _found(call), call.params)


@answers("get", "/v1/subscriptions")
def list_all(call: Call) -> Object:
    """Without a status all but the canceled ones; those of test clocks only if the clock or the customer is named."""
    names = {"collection_method", "created", "customer", "ending_before", "expand", "limit", "price", "starting_after"}
    only_simulated(call.params, {*names, "status", "test_clock"})
    if "customer" in call.params:
        call.account.find("customer", call.params["customer"], "customer")
    status, price = call.params.get("status"), call.params.get("price")
    shows_clocks = bool(call.params.keys() & {"customer", "test_clock"})
    there = [
        each
        for each in call.account.all("subscription")
        if _is_asked_for(each["status"], status)
        and (shows_clocks or each["test_clock"] is None)
        and (price is None or any(item["price"]["id"] == price for item in each["items"]["data"]))
    ]
    return listed(call, matching(call, there, "customer", "collection_method", "test_clock"))


def _is_asked_for(status: str, asked: str | None) -> bool:
    match asked:
        case None:
            return status != "canceled"
        case "all":
            return True
        case "ended":
            return status in ENDED
    return status == asked


# Items


def _item(account: Account, item_id: str) -> tuple[Object, Object]:
    """The subscription and the item."""
    subscription_id = account.private.get(item_id, {}).get("subscription", "")
    subscription = account.tables.get("subscription", {}).get(subscription_id)
    for item in subscription["items"]["data"] if subscription else ():
        if subscription and item["id"] == item_id:
            return subscription, item
    raise missing("subscription_item", item_id, "item")


@answers("get", "/v1/subscription_items/{item}")
def retrieve_item(call: Call) -> Object:
    return _item(call.account, call.ids[0])[1]


@answers("get", "/v1/subscription_items")
def list_items(call: Call) -> Object:
    subscription = call.account.find("subscription", call.params["subscription"], "subscription")
    return listed(call, subscription["items"]["data"])


@answers("post", "/v1/subscription_items")
def create_item(call: Call) -> Object:
    subscription = call.account.find("subscription", call.params["subscription"], "subscription")
    changes.update(call.account, subscription, _as_update(call.params, drop=("subscription",)))
    made: Object = subscription["items"]["data"][-1]
    return made


@answers("post", "/v1/subscription_items/{item}")
def update_item(call: Call) -> Object:
    subscription, item = _item(call.account, call.ids[0])
    changes.update(call.account, subscription, _as_update(call.params, id=item["id"]))
    return item


@answers("delete", "/v1/subscription_items/{item}")
def delete_item(call: Call) -> Object:
    subscription, item = _item(call.account, call.ids[0])
    changes.update(call.account, subscription, _as_update(call.params, id=item["id"], deleted=True))
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


def _as_update(params: Object, *, drop: tuple[str, ...] = (), **more: object) -> Object:
    """Of the subscription: what is the item's goes into `items`."""
    whole = {"payment_behavior", "proration_behavior", "proration_date", "off_session"}
    own = {name: value for name, value in params.items() if name not in whole and name not in drop and name != "expand"}
    return {name: params[name] for name in whole & params.keys()} | {"items": [own | more]}
