"""Webhook endpoints: where events are sent, which, and signed with what."""

from __future__ import annotations

from tests.stripe_simulator.account import DAY, INCLUDABLE, Account, Object
from tests.stripe_simulator.api.listing import listed
from tests.stripe_simulator.api.params import merge_metadata, only_simulated
from tests.stripe_simulator.api.routing import Call, answers
from tests.stripe_simulator.refusals import invalid

MOST = 16
PLAIN = ("description", "enabled_events", "url")


@answers("post", "/v1/webhook_endpoints")
def create(call: Call) -> Object:
    """The one answer that shows the secret."""
    only_simulated(call.params, {*PLAIN, "api_version", "expand", "metadata"})
    account, params = call.account, call.params
    if len(account.all("webhook_endpoint")) >= MOST:
        mode = "live" if account.livemode else "test"
        raise invalid(f"You have reached the maximum of {MOST} {mode} webhook endpoints.")
    _check_url(account, params["url"])
    made = account.insert(
        "webhook_endpoint",
        "we",
        api_version=params.get("api_version"),
        description=params.get("description") or None,
        enabled_events=params["enabled_events"],
        metadata=params.get("metadata") or {},
        status="enabled",
        url=params["url"],
    )
    secret = account.new_id("whsec", 32)
    account.private[made["id"]]["secrets"] = [{"secret": secret, "until": None}]
    return made | {"secret": secret}


def _check_url(account: Account, url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")
    if account.livemode and not url.startswith(("https://", "http://127.0.0.1")):  # Stripe has no loopback to reach
        raise invalid("Invalid URL: URL must be HTTPS in live mode.", "url", "url_invalid")


def roll_secret(account: Account, endpoint_id: str, overlap_seconds: int) -> str:
    """A new secret; the old ones sign too until the overlap ends, which is a day at most."""
    account.find("webhook_endpoint", endpoint_id)
    secrets = account.private[endpoint_id]["secrets"]
    for each in secrets:
        each["until"] = each["until"] or account.clock.now + min(overlap_seconds, DAY)
    secrets.append({"secret": account.new_id("whsec", 32), "until": None})
    newest: str = secrets[-1]["secret"]
    return newest


def _found(call: Call) -> Object:
    return call.account.find("webhook_endpoint", call.ids[0])


@answers("get", "/v1/webhook_endpoints/{endpoint}")
def retrieve(call: Call) -> Object:
    return _found(call)


@answers("post", "/v1/webhook_endpoints/{endpoint}")
def update(call: Call) -> Object:
    only_simulated(call.params, {*PLAIN, "disabled", "expand", "metadata"})
    endpoint = _found(call)
    if "url" in call.params:
        _check_url(call.account, call.params["url"])
    endpoint |= {name: call.params[name] for name in PLAIN if name in call.params}
    merge_metadata(endpoint, call.params)
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    return endpoint


@answers("delete", "/v1/webhook_endpoints/{endpoint}")
def delete(call: Call) -> Object:
    endpoint = _found(call)
    del call.account.tables["webhook_endpoint"][endpoint["id"]]
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


@answers("get", "/v1/webhook_endpoints")
def list_all(call: Call) -> Object:
    return listed(call, call.account.all("webhook_endpoint"))


INCLUDABLE["webhook_endpoint", "secret"] = lambda _account, _endpoint: None
