"""Meters, the usage that is sent to them, and its sums."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from tests.stripe_simulator.account import DAY, Account, Object
from tests.stripe_simulator.api.listing import envelope, listed, matching
from tests.stripe_simulator.api.params import only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import StripeRefusal, invalid
from tests.stripe_simulator.sdk_types import completed, object_shape
from tests.stripe_simulator.subscriptions.usage import used

OLDEST_SECONDS, NEWEST_SECONDS = 35 * DAY, 300
CORRECTABLE_SECONDS = DAY
GROUPS = {"hour": 3600, "day": DAY}
METER = "billing.meter"


@answers("post", "/v1/billing/meters")
def create(call: Call) -> Object:
    account, params = call.account, call.params
    if any(each["event_name"] == params["event_name"] and each["status"] == "active" for each in account.all(METER)):
        raise invalid(f"A meter already exists for event name {params['event_name']}.", "event_name")
    mapping = {"type": "by_id", "event_payload_key": "stripe_customer_id"} | params.get("customer_mapping", {})
    made = account.insert(
        METER,
        "mtr",
        "billing.meter.created",
        customer_mapping=mapping,
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=params["event_name"],
        event_time_window=params.get("event_time_window"),
        status="active",
        status_transitions={},
        updated=account.clock.now,
        value_settings=params.get("value_settings") or {"event_payload_key": "value"},
    )
    account.private[made["id"]]["events"] = []
    return made


def _found(call: Call) -> Object:
    return call.account.find(METER, call.ids[0])


@answers("get", "/v1/billing/meters/{id}")
def retrieve(call: Call) -> Object:
    return _found(call)


@answers("get", "/v1/billing/meters")
def list_all(call: Call) -> Object:
    return listed(call, matching(call, call.account.all(METER), "status"))


@answers("post", "/v1/billing/meters/{id}")
def update(call: Call) -> Object:
    meter = _found(call)
    with call.account.changing(meter, "billing.meter.updated"):
        meter["display_name"] = call.params.get("display_name", meter["display_name"])
    return meter


def _switch(call: Call, status: str, event: str) -> Object:
    meter = _found(call)
    with call.account.changing(meter, event):
        meter["status"] = status
        meter["status_transitions"]["deactivated_at"] = call.clock.now if status == "inactive" else None
    return meter


@answers("post", "/v1/billing/meters/{id}/deactivate")
def deactivate(call: Call) -> Object:
    return _switch(call, "inactive", "billing.meter.deactivated")


@answers("post", "/v1/billing/meters/{id}/reactivate")
def reactivate(call: Call) -> Object:
    return _switch(call, "active", "billing.meter.reactivated")


# Usage


@answers("post", "/v1/billing/meter_events")
def report(call: Call) -> Object:
    """An unknown customer is not refused: Stripe finds out later. Here it is in `account.rejected_usage`."""
    account, params = call.account, call.params
    meter = _active_meter(account, params["event_name"])
    customer_id = params["payload"].get(meter["customer_mapping"]["event_payload_key"])
    if customer_id is None:
        raise invalid("The payload lacks the customer mapping key.", "payload", "meter_event_customer_not_found")
    now = _clock_of(account, customer_id)
    moment = params.get("timestamp", now)
    if moment < now - OLDEST_SECONDS:
        raise invalid(
            "The timestamp must be within the past 35 calendar days.", "timestamp", "timestamp_too_far_in_past"
        )
    if moment > now + NEWEST_SECONDS:
        message = "The timestamp must not be more than 5 minutes in the future."
        raise invalid(message, "timestamp", "timestamp_in_future")
    identifier = params.get("identifier") or account.new_id("evtid")
    events = account.private[meter["id"]]["events"]
    if any(event["identifier"] == identifier and event["received"] > now - DAY for event in events):
        message = f"An event already exists with identifier {identifier}."
        raise StripeRefusal(400, message, headers=(("Stripe-Should-Retry", "false"),))
    value = _value(meter, params["payload"])
    known = account.tables.get("customer", {}).get(customer_id, {"deleted": True})
    events.append(
        {
            "identifier": identifier,
            "customer": None if known.get("deleted") else customer_id,
            "value": value,
            "timestamp": moment,
            "received": now,
            "canceled": False,
        }
    )
    if known.get("deleted"):
        account.rejected_usage.append({"identifier": identifier, "code": "meter_event_customer_not_found"})
    return {
        "object": "billing.meter_event",
        "created": now,
        "event_name": params["event_name"],
        "identifier": identifier,
        "livemode": account.livemode,
        "payload": params["payload"],
        "timestamp": moment,
    }


def _clock_of(account: Account, customer_id: str) -> int:
    return account.clock_of({"customer": customer_id}).now


def _active_meter(account: Account, event_name: str) -> Object:
    for meter in account.all(METER):
        if meter["event_name"] == event_name and meter["status"] == "active":
            return meter
    raise invalid(f"No active meter found for event name {event_name}.", "event_name", "no_meter")


def _value(meter: Object, payload: Object) -> str:
    if meter["default_aggregation"]["formula"] == "count":
        return "1"
    key = meter["value_settings"]["event_payload_key"]
    try:
        return str(Decimal(payload.get(key, "")))
    except InvalidOperation:
        raise invalid(
            f"The payload value for key {key} must be a number.", "payload", "meter_event_invalid_value"
        ) from None


@answers("post", "/v1/billing/meter_event_adjustments")
def adjust(call: Call) -> Object:
    account, params = call.account, call.params
    meter, wanted = _active_meter(account, params["event_name"]), params["cancel"]["identifier"]
    event = next((each for each in account.private[meter["id"]]["events"] if each["identifier"] == wanted), None)
    if event is None:
        raise invalid(f"No meter event found with identifier {wanted}.", "cancel[identifier]", "resource_missing")
    if event["received"] <= account.clock.now - CORRECTABLE_SECONDS:
        raise invalid("Meter events can only be canceled within 24 hours of when Stripe received them.")
    event["canceled"] = True
    shape = object_shape("billing.meter_event_adjustment")
    given = {"object": "billing.meter_event_adjustment", "cancel": params["cancel"], "event_name": params["event_name"]}
    return completed(shape, given | {"livemode": account.livemode, "status": "pending", "type": params["type"]})


@answers("get", "/v1/billing/meters/{id}/event_summaries")
def list_summaries(call: Call) -> Object:
    names = {"customer", "end_time", "ending_before", "expand", "limit", "start_time", "starting_after"}
    only_simulated(call.params, {*names, "value_grouping_window"})
    meter, start, end = _found(call), call.params["start_time"], call.params["end_time"]
    group = call.params.get("value_grouping_window")
    step = GROUPS[group] if group else 60
    for name, moment in (("start_time", start), ("end_time", end)):
        if moment % step:
            raise invalid(f"{name} must be aligned with {group or 'minute'} boundaries.", name)
    if start >= end:
        raise invalid("end_time must be after start_time.", "end_time")
    windows = [(start, end)] if group is None else [(at, at + step) for at in range(start, end, step)]
    found = [_summary(call, meter, window) for window in windows]
    rows = [each for each in found if group is None or each["aggregated_value"]]
    return listed(call, rows) if group else envelope(rows, call.path)


def _summary(call: Call, meter: Object, window: tuple[int, int]) -> Object:
    total = used(call.account, meter, call.params["customer"], *window)
    return {
        "id": f"mtrusg_{meter['id'][4:]}_{window[0]}_{window[1]}",
        "object": "billing.meter_event_summary",
        "aggregated_value": float(total),
        "end_time": window[1],
        "livemode": call.account.livemode,
        "meter": meter["id"],
        "start_time": window[0],
    }
