"""Customer portal sessions: a page where the customer cancels."""

from __future__ import annotations

from tests.stripe_simulator.account import Object
from tests.stripe_simulator.api.params import needed, only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.resources import customers

SESSION = "billing_portal.session"


@answers("post", "/v1/billing_portal/sessions")
def create(call: Call) -> Object:
    only_simulated(call.params, {"configuration", "customer", "expand", "locale", "return_url"})
    account, params = call.account, call.params
    customer = customers.existing(account, needed(params, "customer"))
    session_id = account.new_id("bps")
    return account.insert(
        SESSION,
        "bps",
        id=session_id,
        configuration=params.get("configuration") or "bpc_simulated",
        created=account.clock_of(customer).now,
        customer=customer["id"],
        locale=params.get("locale"),
        return_url=params.get("return_url"),
        url=f"{call.base_url}/_sim/portal/{session_id}",
    )
