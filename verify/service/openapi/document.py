"""The whole document: the service's addresses, and what all of them refer to."""

from functools import cache

from verify.ground.openapi import (
    PROBLEM,
    REQUEST_ID,
    SECRET_KEY,
    Schema,
    header,
    problem_components,
    problem_references,
    schema,
    written,
)
from verify.request import MOST_REQUESTS
from verify.service.openapi import forward_auth
from verify.service.openapi.shapes import schemas

TITLE = "Licet verify"
INTRODUCTION = """\
Who is calling, may they, and is it paid for: one call, one verdict. `code` says why not; the reasons are listed in the
order of their precedence, and the first that objects is the answer.

A verdict is always `200`. Everything else is a problem (RFC 9457). A body is at most 65,536 bytes and not compressed.
"""
_PROBLEMS = {400, 401, 403, 408, 413, 414, 415, 422, 431, 503}
_ONCE: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "An admission is remembered for 10 minutes under the environment, the key and this: a repeat uses "
    "nothing and is shown the first numbers. A denial is not remembered. With another body it is 422.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~][ -~]*$"},
}
_HERE = {"Request-Id": header("Request-Id")}
_METRICS_TOKEN: Schema = {"type": "http", "scheme": "bearer", "description": "`LICET_METRICS_TOKEN`."}


@cache
def document() -> str:
    return written(
        {
            "openapi": "3.1.0",
            "info": {"title": TITLE, "version": "1", "description": INTRODUCTION},
            "servers": [{"url": "/", "description": "This verify service."}],
            "tags": [{"name": "Verdicts"}, {"name": "Health"}],
            "paths": {
                "/v1/verify": {"post": _verify()},
                "/v1/verify/batch": {"post": _verify_batch()},
                "/forward-auth/": {"get": forward_auth.operation()},
                "/livez": {"get": _health("livez", "Is this process alive", _liveness())},
                "/readyz": {"get": _health("readyz", "Can this process answer", _readiness())},
                "/metrics": {"get": _health("metrics", "Read the metrics", _metrics()) | _for_operators()},
            },
            "components": {
                "schemas": schemas() | {"Problem": PROBLEM},
                "headers": {"Request-Id": REQUEST_ID, **forward_auth.HEADERS},
                "responses": problem_components(
                    forward_auth.PROBLEMS, {429: forward_auth.WAITING}, "Request-Id", "Licet-Code"
                ),
                "securitySchemes": {
                    "secret_key": SECRET_KEY,
                    "gateway": forward_auth.GATEWAY,
                    "metrics_token": _METRICS_TOKEN,
                },
            },
        }
    )


def _verify() -> Schema:
    return {
        "operationId": "verify",
        "summary": "Verify a key",
        "description": "Needs the scope `verify`.",
        "tags": ["Verdicts"],
        "security": [{"secret_key": ["verify"]}],
        "parameters": [_ONCE],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema("VerifyRequest")}}},
        "responses": _answer(200, "The verdict.", schema("Verdict")) | problem_references(_PROBLEMS),
    }


def _verify_batch() -> Schema:
    several = {"type": "array", "items": schema("VerifyRequest"), "minItems": 1, "maxItems": MOST_REQUESTS}
    verdicts = {"type": "array", "items": schema("Verdict")}
    return _verify() | {
        "operationId": "verify_batch",
        "summary": "Verify several keys at once",
        "description": "Needs the scope `verify`. Each is decided and counted by itself; the verdicts come in the "
        "order of the requests. An Idempotency-Key names the whole batch: with another batch of the same keys it is "
        "422. A batch that is 422 or 503 may have used what some of its requests asked for; with an Idempotency-Key, "
        "or a `request_id` in each, those use nothing when they are repeated.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": several}}},
        "responses": _answer(200, "The verdicts.", verdicts) | problem_references(_PROBLEMS),
    }


def _health(name: str, summary: str, responses: Schema) -> Schema:
    return {"operationId": name, "summary": summary, "tags": ["Health"], "security": [], "responses": responses}


def _liveness() -> Schema:
    return _answer(200, "It is.", _members(status=["alive"]))


def _readiness() -> Schema:
    told = {"epoch": {"type": "integer", "minimum": 0}, "spool": _spool()}
    ready = _members(status=["ready"], redis=["ok"], facts=["whole"], clock=["ok"])
    waiting = _members(
        status=["not ready"],
        redis=["ok", "silent", "unreachable"],
        facts=["whole", "being rebuilt", "suspect", "unknown"],
    )
    clock = {"type": "string", "description": "How far it is from that of Redis, if that is why."}
    ready["properties"] |= told
    waiting["properties"] |= told | {"clock": clock}
    return _answer(200, "It can.", ready) | _answer(503, "Not now.", waiting)


def _spool() -> Schema:
    """What waits on disk."""
    spool = _members(state=["ok", "off", "cannot be written"])
    spool["properties"] |= {name: {"type": "integer", "minimum": 0} for name in ("records", "bytes")}
    spool["properties"]["oldest_seconds"] = {"type": "number", "minimum": 0}
    return spool


def _metrics() -> Schema:
    text = _answer(200, "In Prometheus' text format.", {"type": "string"}, "text/plain")
    return text | problem_references({403})


def _for_operators() -> Schema:
    return {
        "description": "With the metrics token; from loopback alone where none is set.",
        "security": [{}, {"metrics_token": []}],
    }


def _members(**values: list[str]) -> Schema:
    found = {name: {"type": "string", "enum": allowed} for name, allowed in values.items()}
    return {"type": "object", "required": list(found), "properties": found}


def _answer(status: int, description: str, shape: Schema, media_type: str = "application/json") -> Schema:
    return {str(status): {"description": description, "headers": _HERE, "content": {media_type: {"schema": shape}}}}
