"""Requests and verdicts as JSON schemas, read off `VerifyRequest`, `Answer` and their limits."""

import typing
from collections.abc import Sequence
from typing import Any

import msgspec

from verify import answer
from verify import request as limits
from verify.ground.openapi import Schema, schema
from verify.reasons import Reason
from verify.request import VerifyRequest

MEMBERS = {
    "key": "What your caller presented. Give either `key` or `token`.",
    "token": "An access token instead of a key.",
    "scopes": "What this call needs of the key.",
    "features": "What this call needs of the plan, by code.",
    "usage": "What this call uses, by meter.",
    "ip": "Where the call comes from, for keys that are bound to addresses.",
    "device": "The fingerprint of the device that calls.",
    "user": "Who is behind the call, for keys that are bound to a user.",
    "dpop": "A proof of possession.",
    "url": "What the proof was made for.",
    "resource": "What is asked for.",
    "method": "How it is asked for.",
    "context": f"Whatever else rules may look at; at most {limits.MOST_CONTEXT_BYTES} bytes as JSON.",
    "request_id": "Names the call, so that it is counted once, where there is no Idempotency-Key.",
}
_SHOWN = (
    *(answer.KeyShown, answer.LicenseShown, answer.CustomerShown, answer.PlanShown),
    *(answer.RateLimitShown, answer.QuotaShown, answer.UpgradeShown, answer.Outcome, answer.Answer),
)
_OF_DENIALS = ("detail", "retry_after", "upgrade")


def schemas() -> dict[str, Schema]:
    """The components `VerifyRequest`, `Verdict` and what they are made of."""
    _, made = msgspec.json.schema_components([VerifyRequest, *_SHOWN], ref_template="#/components/schemas/{name}")
    found: dict[str, Schema] = {name: _plain(shape) for name, shape in made.items()}
    for shown in _SHOWN:
        _put_in_order(found[shown.__name__], list(typing.get_type_hints(shown)))
    outcome, known = found.pop("Outcome"), found.pop("Answer")
    del found["Reason"]
    denials = [reason for reason in Reason if reason not in (Reason.VALID, Reason.NOT_FOUND)]
    return found | {
        "VerifyRequest": _request(found["VerifyRequest"]),
        "Verdict": {
            "oneOf": [schema("Valid"), schema("Denied"), schema("NotFound")],
            "discriminator": {
                "propertyName": "code",
                "mapping": {reason.value: f"#/components/schemas/{_variant(reason)}" for reason in Reason},
            },
        },
        "Valid": _verdict(known, [Reason.VALID]),
        "Denied": _verdict(known, denials),
        "NotFound": _verdict(outcome, [Reason.NOT_FOUND]),
    }


def _variant(reason: Reason) -> str:
    return {Reason.VALID: "Valid", Reason.NOT_FOUND: "NotFound"}.get(reason, "Denied")


def _verdict(shape: Schema, reasons: Sequence[Reason]) -> Schema:
    """One kind of verdict: its codes, and `detail` where something is to be done."""
    valid = Reason.VALID in reasons
    properties = shape["properties"] | {
        "valid": {"type": "boolean", "const": valid},
        "code": {"type": "string", "enum": [reason.value for reason in reasons]},
    }
    if valid:
        properties = {name: told for name, told in properties.items() if name not in _OF_DENIALS}
    required = [name for name in properties if name in shape["required"] or name == "detail"]
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _request(shape: Schema) -> Schema:
    """What the types cannot say: how long and how many, and that it is either a key or a token."""
    properties = {name: {**told, "description": MEMBERS[name]} for name, told in shape["properties"].items()}
    for name in limits.TEXTS:
        properties[name]["maxLength"] = limits.MOST_TEXT
    for name in limits.LISTS:
        properties[name] |= {"maxItems": limits.MOST_ITEMS, "items": {"type": "string", "maxLength": limits.MOST_TEXT}}
    properties["ip"]["anyOf"] = [{"format": "ipv4"}, {"format": "ipv6"}, {"type": "null"}]
    properties["usage"] |= {
        "propertyNames": {"maxLength": limits.MOST_TEXT},
        "additionalProperties": {"type": "integer", "minimum": 0, "maximum": limits.MOST_USAGE},
        "default": VerifyRequest().usage,
    }
    either = [
        {"required": [name], "properties": {name: {"type": "string"}, other: {"type": "null"}}}
        for name, other in (("key", "token"), ("token", "key"))
    ]
    example = {"key": "acme_live_lc…", "scopes": ["reports:read"], "features": ["export"]}
    closed = {"type": "object", "properties": properties, "additionalProperties": False}
    return closed | {"oneOf": either, "examples": [example]}


def _plain(shape: Any) -> Any:
    """`{"type": ["string", "null"]}` where msgspec says `anyOf`, and no titles: the names say it all."""
    if isinstance(shape, list):
        return [_plain(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    found = {name: _plain(item) for name, item in shape.items() if name != "title" or not isinstance(item, str)}
    match found.get("anyOf"):
        case [{"type": str(kind), **more}, {"type": "null"}]:
            del found["anyOf"]
            return {"type": [kind, "null"], **more, **found}
    return found


def _put_in_order(shape: Schema, names: list[str]) -> None:
    """As the type declares its members; msgspec sorts them."""
    shape["properties"] = {name: shape["properties"][name] for name in names}
    shape["required"] = [name for name in names if name in shape["required"]]
