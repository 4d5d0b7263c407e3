"""The account itself."""

from tests.stripe_simulator.account import Object
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.sdk_types import completed, object_shape


@answers("get", "/v1/account")
def retrieve_own(call: Call) -> Object:
    shape = object_shape("account")
    given = {
        "id": call.account.id,
        "object": "account",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": f"owner@{call.account.id.replace('_', '-')}.example",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {},
            "card_payments": {},
            "dashboard": {"display_name": f"Simulated {call.account.id[-6:]}", "timezone": "Etc/UTC"},
            "payments": {},
        },
        "type": "standard",
    }
    return completed(shape, given)
