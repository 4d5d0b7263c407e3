"""Reads a JSON body strictly: no duplicate members, no U+0000, no lone surrogates, no NaN, no compression."""

import json
from typing import Any

from rest_framework.parsers import JSONParser

from tenants.rules.refusal import Refusal
from verify.ground.problem import FieldError

MOST_BYTES = 1_048_576
LARGEST = 2**63 - 1


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
        _check(document, "")
    except (ValueError, RecursionError) as error:
        raise Refusal("invalid_json", "invalid", "The body is not JSON in UTF-8.") from error
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _bad(f"/{twice}", "duplicate_member", f"`{twice}` is given twice.")
    return members


def _refuse_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _check(value: Any, pointer: str) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _bad(pointer, "invalid_text", "A text holds U+0000 or a lone surrogate.")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        if not -LARGEST <= value <= LARGEST:
            raise _bad(pointer, "out_of_range", "A number is beyond 64 bits.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{pointer}/{index}")
    else:
        for name, item in value.items():
            _check(name, pointer)
            _check(item, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")


def _bad(pointer: str, code: str, detail: str) -> Refusal:
    return Refusal("invalid_request", "invalid", detail, errors=(FieldError(pointer, code, detail),))
