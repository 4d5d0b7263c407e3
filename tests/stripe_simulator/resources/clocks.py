"""Test clocks: time of their own for some customers. An advance is done by the next time somebody looks."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, Account, Object
from tests.stripe_simulator.api.listing import listed
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import invalid

MOST_CUSTOMERS = 3
LIVES_SECONDS = 30 * DAY
NAME = "test_helpers.test_clock"


def require_room(account: Account, clock_id: str) -> None:
    held = [each for each in account.all("customer") if each.get("test_clock") == clock_id]
    if len(held) >= MOST_CUSTOMERS:
        raise invalid(f"Test clocks can have at most {MOST_CUSTOMERS} customers.", "test_clock")


@answers("post", "/v1/test_helpers/test_clocks")
def create(call: Call) -> Object:
    account, frozen = call.account, call.params["frozen_time"]
    made = account.insert(
        NAME,
        "clock",
        "test_helpers.test_clock.created",
        deletes_after=account.clock.now + LIVES_SECONDS,
        frozen_time=frozen,
        name=call.params.get("name"),
        status="ready",
        status_details={},
    )
    account.new_clock(made["id"], frozen)
    return made


@answers("get", "/v1/test_helpers/test_clocks/{clock}")
def retrieve(call: Call) -> Object:
    """The first look after an advance still finds it `advancing`; the next finds what came of it."""
    clock = call.account.find(NAME, call.ids[0])
    seen = dict(clock)
    settle(call.account, clock)
    return seen


def settle(account: Account, clock: Object) -> None:
    if clock["status"] == "advancing":
        account.clocks[clock["id"]].advance(to=clock["frozen_time"])
        with account.changing(clock, "test_helpers.test_clock.ready"):
            clock["status"] = "ready"


@answers("post", "/v1/test_helpers/test_clocks/{clock}/advance")
def advance(call: Call) -> Object:
    account, clock, to = call.account, call.account.find(NAME, call.ids[0]), call.params["frozen_time"]
    if clock["status"] != "ready":
        raise invalid("The test clock is still advancing.", code="test_clock_advancing")
    if to <= clock["frozen_time"]:
        raise invalid("Test clocks can only be advanced to a time after their current one.", "frozen_time")
    held = [each for each in account.all("subscription") if each["test_clock"] == clock["id"]]
    shortest = min(_interval_seconds(each) for each in held) if held else 366 * DAY
    if to > clock["frozen_time"] + 2 * shortest:
        raise invalid(
            "Test clocks can be advanced by at most two intervals of the shortest subscription.", "frozen_time"
        )
    with account.changing(clock, "test_helpers.test_clock.advancing"):
        clock |= {"status": "advancing", "frozen_time": to}
    return clock


def _interval_seconds(subscription: Object) -> int:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    days = {"day": 1, "week": 7, "month": 31, "year": 366}[recurring["interval"]]
    return int(days * recurring["interval_count"] * DAY)


@answers("get", "/v1/test_helpers/test_clocks")
def list_all(call: Call) -> Object:
    return listed(call, call.account.all(NAME))


@answers("delete", "/v1/test_helpers/test_clocks/{clock}")
def delete(call: Call) -> Object:
    """With its customers and all that is theirs."""
    account, clock = call.account, call.account.find(NAME, call.ids[0])
    gone = {each["id"] for each in account.all("customer") if each.get("test_clock") == clock["id"]}
    for table in ("subscription", "invoice", "charge", "payment_intent", "payment_method"):
        held = account.tables.get(table, {})
        for object_id in [each["id"] for each in held.values() if each["customer"] in gone]:
            del held[object_id]
    for customer_id in gone:
        del account.tables["customer"][customer_id]
    del account.tables[NAME][clock["id"]], account.clocks[clock["id"]]
    account.tell("test_helpers.test_clock.deleted", clock)
    return {"id": clock["id"], "object": NAME, "deleted": True}
