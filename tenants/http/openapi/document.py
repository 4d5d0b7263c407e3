"""The whole document: what drf-spectacular makes of the views, and what all operations refer to."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from tenants.http.openapi import manners
from verify.ground.openapi import Schema, written

TITLE = "Licet management API"
PENDING: Schema = {
    "type": "object",
    "required": ["propagation"],
    "properties": {"propagation": {"type": "string", "enum": ["pending"]}},
}
INTRODUCTION = """\
Products, plans, customers, licenses and keys, managed by your back end with a secret key. Bodies and answers are JSON
in UTF-8 with `snake_case` names; times are RFC 3339 in UTC.

A body is at most 1 MiB and not compressed. An unknown member or parameter, a member given twice, U+0000 or a lone
surrogate in a text, and a number beyond 64 bits are refused, and `errors` of the problem names each by its pointer.

Lists come newest first; hand `next_cursor` back as `cursor` while `has_more` is true.

The data plane has a document of its own, at `/openapi.json` of the verify service.
"""


def complete(result: Schema, **_: Any) -> Schema:
    """A post-processing hook of drf-spectacular."""
    for kind, found in manners.components().items():
        result["components"].setdefault(kind, {}).update(found)
    result["components"]["schemas"]["Pending"] = PENDING
    operations = [operation for methods in result["paths"].values() for operation in methods.values()]
    tags = dict.fromkeys(tag for operation in operations for tag in operation["tags"])
    result["tags"] = [{"name": tag} for tag in tags]
    result["servers"] = [{"url": "/", "description": "This control plane."}]
    result["info"] |= {"title": TITLE, "description": INTRODUCTION}
    return result


def _plain(value: Any) -> Any:
    """Without the marks that drf-spectacular leaves for its own later hooks."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if name != "x-spec-enum-id"}
    return [_plain(item) for item in value] if isinstance(value, list) else value


@cache
def document() -> str:
    return written(_plain(SchemaGenerator().get_schema(public=True)))
