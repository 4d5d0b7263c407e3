"""What the OpenAPI documents of both planes share: problems, Request-Id, secret keys, public ids, one form."""

import json
from collections.abc import Iterable
from typing import Any

from verify.ground.problem import CONTENT_TYPE, KINDS

Schema = dict[str, Any]

_KIND_OF = {kind.status: name for name, kind in KINDS.items()}
_TEXT: Schema = {"type": "string"}


def id_schema(prefix: str) -> Schema:
    """A public id as `verify.ground.ids` spells it."""
    return {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}


PROBLEM: Schema = {
    "type": "object",
    "description": "Why there is no other answer (RFC 9457). `code` is for programs, `detail` says what to do.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:licet:problem:"},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "instance": {**_TEXT, "description": "The path that was asked for."},
        "code": {"type": "string", "pattern": "^[A-Za-z0-9_]+$"},
        "request_id": {**id_schema("req"), "description": "As in the header `Request-Id`."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "description": "Each member or parameter that is wrong.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        **_TEXT,
                        "description": "RFC 6901, into the body; for a parameter, `/` and its name.",
                    },
                    "code": _TEXT,
                    "detail": _TEXT,
                },
            },
        },
    },
}

SECRET_KEY: Schema = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "lsk_{test|live}_…",
    "description": "A secret key: it belongs to one environment and has scopes. Each operation names the one it needs.",
}

REQUEST_ID: Schema = {
    "description": "Names this request; also in our logs and in every problem.",
    "required": True,
    "schema": id_schema("req"),
}
_CHALLENGE: Schema = {"description": "How to say who is calling.", "required": True, "schema": _TEXT}


def header(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}


def schema(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def problem_name(status: int) -> str:
    """The component that describes this status, e.g. `NotFound`."""
    return _KIND_OF[status].title().replace("_", "")


def problem_references(statuses: Iterable[int]) -> dict[str, Schema]:
    return {str(status): {"$ref": f"#/components/responses/{problem_name(status)}"} for status in sorted(statuses)}


def problem_components(statuses: Iterable[int], headers: dict[int, list[str]], *everywhere: str) -> dict[str, Schema]:
    """The `responses` of a document; `headers` are those of one status, `everywhere` those of all."""
    return {
        problem_name(status): _problem(status, [*everywhere, *headers.get(status, [])]) for status in sorted(statuses)
    }


def _problem(status: int, headers: list[str]) -> Schema:
    told = {name: header(name) for name in headers}
    if status == KINDS["unauthenticated"].status:
        told["WWW-Authenticate"] = _CHALLENGE
    return {
        "description": KINDS[_KIND_OF[status]].title,
        "headers": told,
        "content": {CONTENT_TYPE: {"schema": schema("Problem")}},
    }


def written(document: Schema) -> str:
    """The one form in which a document is served and kept: its parts in a fixed order, addresses and names sorted."""
    parts = {name: document[name] for name in ("openapi", "info", "servers", "tags", "paths", "components")}
    parts["paths"] = _by_name(parts["paths"])
    parts["components"] = {kind: _by_name(found) for kind, found in sorted(parts["components"].items())}
    return json.dumps(parts, indent=2, ensure_ascii=False) + "\n"


def _by_name(found: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(found.items()))
