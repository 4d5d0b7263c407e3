"""From a request to its answer, in the order that Stripe looks at things."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.stripe_simulator.account import Account, Object
from tests.stripe_simulator.api import once, permissions
from tests.stripe_simulator.api.expanding import expanded, require_expandable
from tests.stripe_simulator.api.messages import Answer, HangUp, Request
from tests.stripe_simulator.api.routing import HANDLERS, Call
from tests.stripe_simulator.refusals import NotSimulated, StripeRefusal, invalid
from tests.stripe_simulator.sdk_types import (
    API_VERSION,
    Operation,
    Unfit,
    misfits,
    operation,
    read_params,
    template_of,
    unflatten,
)

if TYPE_CHECKING:
    from tests.stripe_simulator.simulator import Simulator


def route_of(request: Request) -> str:
    """As requests are counted and faults are named."""
    path = urlsplit(request.url).path
    return f"{request.method} {template_of(path) or path}"


def answer(simulator: Simulator, request: Request) -> Answer:
    """Fails as planned, or as Stripe would, or does it."""
    route = route_of(request)
    with simulator.lock:
        asking = simulator.by_key.get(_key_of(request))
        fault = simulator.faults.strike(route, asking.id if asking else None)
    request_id = simulator.new_request_id()
    if fault is not None:
        if fault.kind == "hang":
            simulator.faults.calmed.wait(fault.seconds)
            raise HangUp
        if fault.kind == "reset":
            raise HangUp
        if fault.kind == "404":
            return Answer(404, b"<h1>Not found</h1>", {"Content-Type": "text/html"})
        if fault.kind == "429":
            wait = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
            return _refused(
                StripeRefusal(429, "Request rate limit exceeded.", code="rate_limit", headers=wait), request_id
            )
    breaks = fault.kind if fault is not None else ""
    with simulator.lock:
        done = _answered(simulator, request, request_id, breaks)
    if breaks == "reset after":
        raise HangUp
    done.headers.setdefault("Request-Id", request_id)
    done.headers["Stripe-Version"] = request.headers.get("stripe-version", API_VERSION)
    return done


def _refused(refusal: StripeRefusal, request_id: str) -> Answer:
    headers = {"Request-Id": request_id, **dict(refusal.headers)}
    return Answer(refusal.status, _as_bytes(refusal.as_json(request_id)), headers)


def _as_bytes(value: Object) -> bytes:
    return json.dumps(value, indent=2).encode()


OUR_FAULT = StripeRefusal(500, "An unknown error occurred", "api_error")


def _answered(simulator: Simulator, request: Request, request_id: str, breaks: str) -> Answer:
    try:
        account = _account_of(simulator, request)
        call = _read(simulator, account, request)
        key = request.headers.get(once.HEADER.lower(), "") if request.method == "POST" else ""
        mark = once.fingerprint(request.method, request.url, request.body)
        kept = simulator.answered[account.id].recall(key, mark, account.clock.now) if key else None
    except StripeRefusal as refusal:
        return _refused(refusal, request_id)
    if kept is not None:
        headers = {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
        return Answer(kept.status, kept.body, headers)
    account.request = {"id": request_id, "idempotency_key": key or None}
    done = _done(simulator, call, request_id, breaks)
    account.request = {"id": None, "idempotency_key": None}
    if key:
        simulator.answered[account.id].kept[key] = once.Kept(
            mark, done.status, done.body, account.clock.now, request_id
        )
        done.headers[once.HEADER] = key
    return done


def _done(simulator: Simulator, call: Call, request_id: str, breaks: str) -> Answer:
    """Does it; anything that cannot happen at Stripe is noted, so that the test fails."""
    name = f"{call.operation.method} {call.operation.template}"
    if breaks == "500 before":
        return _refused(OUR_FAULT, request_id)
    try:
        made = HANDLERS[call.operation.method, call.operation.template](call)
    except StripeRefusal as refusal:
        return _refused(refusal, request_id)
    except NotSimulated as reason:
        simulator.fictions.append(f"{name}: not simulated: {reason}")
        return _refused(StripeRefusal(501, f"Not simulated: {reason}", "api_error"), request_id)
    whole = expanded(call.account, made, call.params.get("expand", []))
    found = list(misfits(call.operation.answer, whole, name))
    simulator.fictions += found
    if found:
        return _refused(StripeRefusal(500, f"Stripe could not say this: {found[:5]}", "api_error"), request_id)
    return _refused(OUR_FAULT, request_id) if breaks == "500 after" else Answer(200, _as_bytes(whole))


def _key_of(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


def _account_of(simulator: Simulator, request: Request) -> Account:
    key = _key_of(request)
    if not key:
        message = "You did not provide an API key. You need to provide your API key in the Authorization header."
        raise StripeRefusal(401, message)
    account = simulator.by_key.get(key)
    if account is None:
        hidden = f"{key[:8]}{'*' * 12}{key[-4:]}"
        if key in simulator.expired_keys:
            raise StripeRefusal(401, f"Expired API Key provided: {hidden}", code="api_key_expired")
        raise StripeRefusal(401, f"Invalid API Key provided: {hidden}")
    wanted = request.headers.get("stripe-account", account.id)
    if wanted != account.id:
        message = (
            f"The provided key '{key[:8]}{'*' * 12}{key[-4:]}' does not have access to account '{wanted}' "
            "(or that account does not exist). Application access may have been revoked."
        )
        raise StripeRefusal(403, message, code="account_invalid")
    return account


def _read(simulator: Simulator, account: Account, request: Request) -> Call:
    parts = urlsplit(request.url)
    method, template = request.method.lower(), template_of(parts.path)
    found = operation(method, template) if template else None
    if template is None or found is None:
        message = f"Unrecognized request URL ({request.method}: {parts.path}). Please see https://stripe.com/docs."
        raise StripeRefusal(404, message)
    if (method, template) not in HANDLERS:
        simulator.fictions.append(f"{request.method} {template}: not simulated")
        raise StripeRefusal(501, f"Not simulated: {request.method} {template}", "api_error")
    permissions.require(account.permissions, method, template, key=_key_of(request), account_id=account.id)
    params = _params(found, request)
    require_expandable(params.get("expand", []), found.answer)
    return Call(account, found, parts.path, _ids(parts.path, template), params, simulator.url)


def _ids(path: str, template: str) -> tuple[str, ...]:
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return tuple(sent for name, sent in pairs if name == "{}")


def _params(found: Operation, request: Request) -> Object:
    sent = request.body.decode() if found.method == "post" else urlsplit(request.url).query
    try:
        return read_params(found.params, unflatten(parse_qsl(sent, keep_blank_values=True)))
    except Unfit as unfit:
        raise invalid(unfit.message, unfit.param, unfit.code) from unfit
