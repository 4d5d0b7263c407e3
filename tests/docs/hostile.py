"""What nobody means well with, for any operation, made from its document."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from tests.docs.conformity import is_allowed
from tests.docs.documents import Operation, resolved

A = TypeVar("A")

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 10_000 + b"]" * 10_000
BOMB = gzip.compress(b" " * 32 * 1024 * 1024)
TWO_MEBIBYTES = 2 * 1024 * 1024

# As they stand in JSON; the first are never allowed anywhere.
NEVER = (
    *(rb'"a\u0000b"', rb'"\ud800"', rb'"\udc00\ud800"', b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400"),
    *(b"9223372036854775808", b"-9223372036854775809", b"9" * 5_000, DEEP, b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
)
SELDOM = (b"null", b"true", b"1", b"1.5", b"-1", b'""', b'" "', b'"1"', b"[]", b"{}", b"[null]", b'{"": null}', b"1e3")
LONG = b'"' + b"x" * 20_000 + b'"'
ODD = (b"null", b"true", b"1", b'"x"', b"[]", b"{", b"}", b"{]", b"nul", b"\xff\xfe", b'{"a": 1}}', DEEP)
HOSTILE_TEXTS = (
    *("", "%00", "%ff", "%ed%a0%80", "%F0%9F%99%88" * 20, "a" * 9_000, "-1", "1e3", "%D9%A3", "null", "[]", "+1"),
    *("%27%20OR%201=1--", "..%2f..%2fetc%2fpasswd", "%0d%0aSet-Cookie:%20a=b", "%7B%7B7*7%7D%7D", "1%00", "%20", "*"),
)
HOSTILE_NAMES = ("bogus", "%00", "limit%5B%5D", "%ff", "__proto__", "a" * 3_000)


class Attack(NamedTuple):
    """`refused` if the answer must be a problem; else it may be, and must be no crash."""

    name: str
    content: bytes
    headers: Mapping[Any, Any] = JSON
    refused: bool = True
    chunked: bool = False


def bodies(operation: Operation, valid: Any) -> Iterator[Attack]:
    """Around `valid`, a body that it takes. The verify service reads what it can of a body's form: any media type,
    chunks, and of duplicates the last."""
    strict = operation.plane == "management"
    told = json.dumps(valid).encode()
    required = operation.told["requestBody"].get("required", False)
    yield Attack("nothing", b"", refused=required)
    yield from (Attack(f"body {text[:12]!r}", text, refused=not _fits(operation, text)) for text in ODD)
    if isinstance(valid, dict):
        yield Attack("an unknown member", _with(valid, b'"bogus"', b"1"))
        yield Attack("a nameless member", _with(valid, b'""', b"1"))
        yield Attack("a name that is no text", _with(valid, rb'"\ud800"', b"1"))
        yield Attack("latin-1", _with(valid, b'"\xfc"', b'"\xfc"'))
    yield Attack("a compressed body", gzip.compress(told), {**JSON, "Content-Encoding": "gzip"})
    yield Attack("a bomb", BOMB, {**JSON, "Content-Encoding": "gzip"})
    yield Attack("a bomb that hides", BOMB)
    yield Attack("an unknown coding", told, {**JSON, "Content-Encoding": "br, gzip"})
    yield Attack("2 MiB", told + b" " * TWO_MEBIBYTES)
    yield Attack("2 MiB in chunks", told + b" " * TWO_MEBIBYTES, chunked=True)
    yield Attack("chunks", told, refused=strict, chunked=True)
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        yield Attack(encoding, told.decode().encode(encoding))
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "/;;=", "a/b; ü"):
        yield Attack(media_type, told, {b"Content-Type": media_type.encode()}, refused=strict)


def members(operation: Operation, valid: Any) -> Iterator[Attack]:
    """Each member in turn made what the schema does not allow."""
    for name, schema in operation.members.items():
        told = json.dumps(name).encode()
        odd = operation.plane == "verify" and name in ("key", "token")  # texts that may simply be unknown
        for text in (*NEVER, *SELDOM, LONG):
            content = _with(valid, told, text)
            never = text in NEVER and not (odd and text.startswith(b'"'))
            refused = never or not _fits(operation, content)
            yield Attack(f"{name}: {text[:24]!r}", content, refused=refused)
        if "object" in resolved(operation.plane, schema).get("type", ()):
            for text in NEVER:
                large = operation.plane == "verify" and text.lstrip(b"-").isdigit()  # a rule's affair, not the reader's
                content = _with(valid, told, b'{"a": %s}' % text)
                yield Attack(f"{name}: an object with {text[:24]!r}", content, refused=not large)
        if name in valid:
            twice = _with(valid, told, json.dumps(valid[name]).encode(), once=False)
            yield Attack(f"{name} twice", twice, refused=operation.plane == "management")


def queries(operation: Operation) -> Iterator[tuple[str, bool]]:
    """Query strings, and whether they must be refused."""
    for parameter in operation.parameters("query"):
        name, schema = parameter["name"], parameter["schema"]
        for text in HOSTILE_TEXTS:
            yield f"{name}={text}", not is_allowed(operation, schema, text)
        yield f"{name}=1&{name}=1", True
    for name in HOSTILE_NAMES:
        yield f"{name}=1", operation.path.startswith("/v1/")


def paths(operation: Operation, path: str) -> Iterator[str]:
    """Where an id belongs, something else. `path` has real ids."""
    real = dict(zip(operation.path.split("/"), path.split("/"), strict=True))
    for place, found in real.items():
        if place.startswith("{"):
            near = (
                found.upper(),
                found[:-1],
                f"{found}0",
                f"{found}%00",
                f"%20{found}",
                f"org{found[found.index('_') :]}",
            )
            yield from (
                operation.path.replace(place, text).format(
                    **{name[1:-1]: one for name, one in real.items() if "{" in name}
                )
                for text in (*near, *(text for text in HOSTILE_TEXTS if text))
                if "{" not in text
            )


def thinned(operation: Operation, found: Iterable[A], scale: float) -> list[A]:
    """All of them at full size; else every eighth, others for another operation, the same ones at every run."""
    return list(found) if scale >= 1 else list(found)[zlib.crc32(str(operation).encode()) % 8 :: 8]


def _with(valid: dict[str, Any], name: bytes, text: bytes, *, once: bool = True) -> bytes:
    """`valid` with one more member, its name and value as they stand in JSON."""
    others = {key: value for key, value in valid.items() if not once or json.dumps(key).encode() != name}
    head = json.dumps(others).encode()[:-1]
    return head + (b", " if others else b"") + name + b": " + text + b"}"


def _fits(operation: Operation, content: bytes) -> bool:
    """Whether the document allows it; what is no JSON at all it does not."""
    try:
        value = json.loads(content)
        value = json.loads(json.dumps(value, allow_nan=False))
    except (ValueError, RecursionError):
        return False
    body = operation.body
    return body is not None and is_allowed(operation, body, value)
