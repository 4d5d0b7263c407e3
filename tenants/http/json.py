"""Reads a JSON body strictly: no duplicate members, no U+0000, no lone surrogates, no NaN, no compression."""

import json
from typing import Any

from rest_framework.parsers import JSONParser

from tenants.rules.refusal import Refusal
from verify.ground.problem import FieldError

MOST_BYTES = 1_048_576
LARGEST = 2**63 - 1
DEEPEST = 32


class StrictJSONParser(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002 - DRF
        if parser_context and parser_context["request"].META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
            raise Refusal("compressed_body", "unsupported_media", "Send the body without Content-Encoding.")
        return loads(stream.read(MOST_BYTES + 1))


def loads(body: bytes) -> Any:
    """Raises Refusal (400, 413) with a pointer to the first thing that is wrong."""
    if len(body) > MOST_BYTES:
        raise Refusal("body_too_large", "too_large", f"At most {MOST_BYTES} bytes.")
    try:
        document = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant)
        _check(document, "", DEEPEST)
    except (ValueError, RecursionError) as error:
        raise Refusal("invalid_json", "invalid", "The body is not JSON in UTF-8.") from error
    return document


class Repeated(dict[str, Any]):
    """An object in which the member `twice` was given twice; told by `_check`, which knows where it stands."""

    twice = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = Repeated(pairs)
    if len(members) == len(pairs):
        return dict(members)
    seen = set[str]()
    for name, _ in pairs:
        if name in seen:
            members.twice = name
            break
        seen.add(name)
    return members


def _refuse_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _check(value: Any, pointer: str, depth: int) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _bad(pointer, "invalid_text", "A text holds U+0000 or a lone surrogate.")
    elif isinstance(value, list | dict):
        _check_inside(value, pointer, depth)
    elif isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
        raise _bad(pointer, "out_of_range", "A number is beyond 64 bits.")


def _check_inside(value: list[Any] | dict[str, Any], pointer: str, depth: int) -> None:
    if depth == 0:
        raise _bad(pointer, "too_deep", f"At most {DEEPEST} levels.")
    if isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{pointer}/{index}", depth - 1)
        return
    for name, item in value.items():
        _check(name, pointer, depth)
        _check(item, f"{pointer}/{escaped(name)}", depth - 1)
    if isinstance(value, Repeated):
        raise _bad(f"{pointer}/{escaped(value.twice)}", "duplicate_member", f"`{value.twice}` is given twice.")


def escaped(name: str) -> str:
    """A member's name inside a pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")


def _bad(pointer: str, code: str, detail: str) -> Refusal:
    return Refusal("invalid_request", "invalid", detail, errors=(FieldError(pointer, code, detail),))
