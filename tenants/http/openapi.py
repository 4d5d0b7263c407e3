"""What the generated OpenAPI document says about errors: every operation may answer with problem+json."""

from typing import Any

from verify.ground.problem import CONTENT_TYPE, KINDS

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "code", "request_id")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
_TOLD = ("invalid", "unauthenticated", "forbidden", "not_found", "conflict", "too_large", "unsupported_media")


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A post-processing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {})["Problem"] = _PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            for kind in _TOLD:
                status, title = KINDS[kind]
                operation["responses"].setdefault(
                    str(status),
                    {
                        "description": title,
                        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    },
                )
    return result
