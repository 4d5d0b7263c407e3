"""Whether an answer is what the document says of its operation: status, media type, headers, body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs

from tests.docs.documents import Operation, document, resolved

PROBLEM = "application/problem+json"
UNREAD = (414, 431)  # of a head that is too long nobody reads the path


def assert_conforms(operation: Operation, status: int, headers: Mapping[str, str], content: bytes, url: str) -> None:
    """`headers` by lower-case name; `url` is what was asked for."""
    assert status < 500, f"{status} {content[:500]!r}"
    told = operation.told["responses"]
    assert str(status) in told, f"{status} is not told of: {content[:500]!r}"
    response = resolved(operation.plane, told[str(status)])
    for name, where in response.get("headers", {}).items():
        header = resolved(operation.plane, where)
        if header.get("required") or name.lower() in headers:
            assert name.lower() in headers, f"{status} has no {name}"
            _assert_valid(operation.plane, header["schema"], _read(headers[name.lower()], header["schema"]), name)
    if "content" not in response:
        assert content == b""
        return
    ((media_type, body),) = response["content"].items()
    assert headers["content-type"].partition(";")[0] == media_type
    if media_type.endswith("json"):
        _assert_valid(operation.plane, body["schema"], json.loads(content), str(status))
    if status >= 400:
        assert_problem(status, headers, content, url)


def assert_problem(status: int, headers: Mapping[str, str], content: bytes, url: str) -> None:
    """What every refusal has, documented operation or not."""
    assert 400 <= status < 500, f"{status} {content[:500]!r}"
    assert headers["content-type"] == PROBLEM, f"{status} {headers['content-type']} {content[:500]!r}"
    problem = json.loads(content)
    _assert_valid("management", {"$ref": "#/components/schemas/Problem"}, problem, str(status))
    assert problem["status"] == status
    assert problem["request_id"] == headers["request-id"]
    if "%" not in url:
        assert problem["instance"] == ("/" if status in UNREAD else urlsplit(url).path), problem["instance"]


def is_allowed(operation: Operation, schema: dict[str, Any], value: Any) -> bool:
    return _validator(operation.plane, json.dumps(schema)).is_valid(value)


def _assert_valid(plane: str, schema: dict[str, Any], value: Any, what: str) -> None:
    error = next(_validator(plane, json.dumps(schema)).iter_errors(value), None)
    assert error is None, f"{what}: {error}"


@cache
def _validator(plane: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = json.loads(schema) | {"components": document(plane)["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _read(text: str, schema: dict[str, Any]) -> Any:
    return int(text) if schema.get("type") == "integer" and text.isdigit() else text
