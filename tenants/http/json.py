"""Reads a JSON body strictly: no duplicate members, no U+0000, no lone surrogates, no NaN, no compression."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rest_framework.parsers import JSONParser

from tenants.rules.refusal import Refusal
from verify.ground.problem import FieldError

MOST_BYTES = 1_048_576
LARGEST = 2**63 - 1
DEEPEST = 32
MOST_TOLD = 65_536
NO_TEXT = FieldError("", "invalid_text", "A text holds U+0000 or a lone surrogate.")


class StrictJSONParser(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002 - DRF
        if parser_context and parser_context["request"].META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
            raise Refusal("compressed_body", "unsupported_media", "Send the body without Content-Encoding.")
        return loads(stream.read(MOST_BYTES + 1))


def loads(body: bytes) -> Any:
    """Raises Refusal (400, 413) with a pointer to each thing that is wrong."""
    if len(body) > MOST_BYTES:
        raise Refusal("body_too_large", "too_large", f"At most {MOST_BYTES} bytes.")
    try:
        document = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal("invalid_json", "invalid", "The body is not JSON in UTF-8.") from error
    if errors := tuple(_told(_faults(document, DEEPEST))):
        raise Refusal("invalid_request", "invalid", errors[0].detail, errors=errors)
    return document


class Repeated(dict[str, Any]):
    """An object with members that were given twice, `twice`; told by `_faults_inside`, which knows where it stands."""

    twice = frozenset[str]()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = Repeated(pairs)
    if len(members) == len(pairs):
        return dict(members)
    counts = Counter(name for name, _ in pairs)
    members.twice = frozenset(name for name, count in counts.items() if count > 1)
    return members


def _refuse_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _told(faults: Iterator[FieldError]) -> Iterator[FieldError]:
    """Each once, until there is more of them than anybody reads: a pointer may be as long as the body."""
    seen, length = set[FieldError](), 0
    for fault in faults:
        if fault in seen:
            continue
        yield fault
        seen.add(fault)
        length += len(fault.pointer) + len(fault.detail)
        if length > MOST_TOLD:
            return


def _faults(value: Any, depth: int) -> Iterator[FieldError]:
    """What is wrong with a value, with pointers that begin at it: most values are right, and theirs are never made."""
    if isinstance(value, str):
        if not _is_text(value):
            yield NO_TEXT
    elif isinstance(value, list | dict):
        if depth == 0:
            yield FieldError("", "too_deep", f"At most {DEEPEST} levels.")
        else:
            yield from _faults_inside(value, depth)
    elif isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
        yield FieldError("", "out_of_range", "A number is beyond 64 bits.")


def _faults_inside(value: list[Any] | dict[str, Any], depth: int) -> Iterator[FieldError]:
    twice = value.twice if isinstance(value, Repeated) else frozenset[str]()
    members: Iterable[tuple[Any, Any]] = enumerate(value) if isinstance(value, list) else value.items()
    for name, item in members:
        if isinstance(name, str) and not _is_text(name):
            yield NO_TEXT  # of the object: no pointer could spell the name
            continue
        if name in twice:
            yield FieldError(f"/{escaped(name)}", "duplicate_member", f"`{name}` is given twice.")
        for fault in _faults(item, depth - 1):
            yield fault._replace(pointer=f"/{escaped(str(name))}{fault.pointer}")


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def escaped(name: str) -> str:
    """A member's name inside a pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")
