"""Events, which can be listed for thirty days."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, Object
from tests.stripe_simulator.api.listing import listed
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import invalid, missing

KEPT_SECONDS = 30 * DAY


@answers("get", "/v1/events/{id}")
def retrieve(call: Call) -> Object:
    event = call.account.find("event", call.ids[0])
    if event["created"] + KEPT_SECONDS < call.clock.now:
        raise missing("event", event["id"])
    return event


@answers("get", "/v1/events")
def list_all(call: Call) -> Object:
    """`type` may end in `*`; `delivery_success=false` finds those that some endpoint has not taken yet."""
    params = call.params
    if "type" in params and "types" in params:
        raise invalid("You may pass either `type` or `types`, not both.", "types")
    types = params.get("types") or ([params["type"]] if "type" in params else None)
    there = [
        event
        for event in call.account.all("event")
        if event["created"] + KEPT_SECONDS >= call.clock.now
        and (types is None or any(_is_of(event["type"], each) for each in types))
        and params.get("delivery_success") in (None, event["pending_webhooks"] == 0)
    ]
    return listed(call, there)


def _is_of(kind: str, wanted: str) -> bool:
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted
