"""Reads the head of a request: llhttp reads it, after a grammar has refused all that llhttp forgives."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

import httptools
import msgspec

from verify.service.http.exchange import Fields, Refused, refuse_body

MOST_HEAD_BYTES = 16_384
MOST_TARGET_BYTES = 8_000
MOST_FIELDS = 100
CHUNKED = -1
END = b"\r\n\r\n"

# RFC 9112 §3 and §5 with nothing optional: CRLF alone ends a line, no folding, no space before a colon, one space
# between the words of the first line. Possessive, so that it never looks back.
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_FIELDS = rb"(?:" + TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+"
_HEAD = re.compile(TOKEN + rb"{1,32}+ [!\"$-~]++ HTTP/1\.[01]\r\n" + _FIELDS + rb"\r\n")
_TRAILERS = re.compile(_FIELDS)
_NO_TRAILER = re.compile(
    rb"^(?:content-length|transfer-encoding|host|connection|proxy-connection|upgrade):", re.IGNORECASE | re.MULTILINE
)
_BEGINS = re.compile(TOKEN + rb"|\r")
_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}")
_ABSOLUTE = re.compile(r"https?://[^/?]+", re.IGNORECASE)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]*)(?::[0-9]*)?")  # RFC 3986 §3.2.2


class Head(msgspec.Struct, frozen=True):
    """`length` is that of the body, or CHUNKED; `usual`: HTTP/1.1 that goes on after an answer, which has a body.
    `twice`: names of fields that came more than once. `refused`: what is said instead of reading the body.
    """

    method: str
    path: str
    query: str
    headers: Fields
    length: int = 0
    keep_alive: bool = False
    is_old: bool = False
    expects_continue: bool = False
    usual: bool = False
    twice: tuple[str, ...] = ()
    refused: Refused | None = None


UNREAD = Head("", "/", "", Fields())
"""Stands for a head that nobody could read, or that never came."""


class _Fields:
    """What llhttp calls."""

    def __init__(self) -> None:
        self.target, self.headers, self.count = b"", Fields(), 0
        self.twice: list[str] = []

    def on_url(self, target: bytes) -> None:
        self.target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
        headers = self.headers
        if key in headers:
            text = f"{headers[key]}, {text}"
            self.twice.append(key)
        headers[key] = text
        self.count += 1


def read(head: bytes) -> Head:
    """Raises Refused of what is not, byte for byte, the head of one HTTP/1.1 or 1.0 request with one meaning."""
    if len(head) > MOST_HEAD_BYTES:
        raise target_too_long() if head.find(b"\n") > MOST_HEAD_BYTES else head_too_large()
    if not _HEAD.fullmatch(head):
        raise malformed("The request is not well-formed HTTP/1.1.")
    fields = _Fields()
    parser = httptools.HttpRequestParser(fields)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # an upgrade is not accepted, so it is a request like any other (RFC 9110 §7.8)
    except httptools.HttpParserError as error:
        raise malformed("The request is not well-formed HTTP/1.1.") from error
    if parser.get_method() == b"CONNECT":
        raise malformed("This is not a proxy.")
    if len(fields.target) > MOST_TARGET_BYTES:
        raise target_too_long()
    if fields.count > MOST_FIELDS:
        raise head_too_large()
    return _understood(parser.get_method().decode("ascii"), fields, is_old=parser.get_http_version() == "1.0")


def _understood(method: str, fields: _Fields, *, is_old: bool) -> Head:
    headers = fields.headers
    host = headers.get("host", "" if is_old else None)
    if host is None or not _HOST.fullmatch(host):  # one given twice has a comma and a space
        raise malformed("Send exactly one Host.")
    keep_alive = _goes_on(headers.get("connection"), is_old=is_old)
    return Head(
        method,
        *_path_and_query(method, fields.target.decode("ascii")),
        headers,
        _body_length(headers, is_old=is_old),
        keep_alive,
        is_old,
        not is_old and headers.get("expect", "").lower() == "100-continue",
        keep_alive and not is_old and method != "HEAD",
        tuple(fields.twice),
        _refusal(headers),
    )


def _goes_on(connection: str | None, *, is_old: bool) -> bool:
    if connection is None:
        return not is_old
    wishes = {wish.strip(" \t").lower() for wish in connection.split(",")}  # no other space is one here
    return "close" not in wishes and (not is_old or "keep-alive" in wishes)


def _path_and_query(method: str, target: str) -> tuple[str, str]:
    """The path percent-decoded, the query as it is."""
    absolute = _ABSOLUTE.match(target)
    if absolute:
        target = target[absolute.end() :]
    elif not target.startswith("/") and (method, target) != ("OPTIONS", "*"):
        raise malformed("The target is a path, or a whole URL.")
    path, _, query = target.partition("?")
    return unquote(path) if "%" in path else path or "/", query


def _body_length(headers: Mapping[str, str], *, is_old: bool) -> int:
    """Raises Refused where two readers might disagree on where the body ends (RFC 9112 §6.3)."""
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        if length is not None or is_old or coding != "chunked":
            raise malformed("Send one Content-Length, or `Transfer-Encoding: chunked`.")
        return CHUNKED
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):  # one given twice has a comma, even if both are the same
        raise malformed("Content-Length is one whole number.")
    return int(length)


def _refusal(headers: Mapping[str, str]) -> Refused | None:
    try:
        refuse_body(headers)
    except Refused as refused:
        return refused.with_traceback(None)
    return None


def refuse_beginning(begun: bytearray, scanned: int) -> None:
    """Raises Refused if these bytes, without END, can no longer become a head; the first `scanned` were looked at."""
    if (begun and not _BEGINS.match(begun)) or _STRAY.search(begun, max(0, scanned - 1)):
        raise malformed("The request is not well-formed HTTP/1.1; lines end with CR LF.")
    if len(begun) > MOST_HEAD_BYTES:
        raise target_too_long() if b"\n" not in begun else head_too_large()


def are_trailers(lines: bytearray) -> bool:
    """`lines` end with CRLF each, and may be none. None may be about this connection (RFC 9110 §6.5.1)."""
    return _TRAILERS.fullmatch(lines) is not None and not _NO_TRAILER.search(lines)


def malformed(detail: str) -> Refused:
    return Refused("invalid", "malformed_request", detail)


def head_too_large() -> Refused:
    detail = f"At most {MOST_FIELDS} fields and {MOST_HEAD_BYTES} bytes."
    return Refused("head_too_large", "head_too_large", detail)


def target_too_long() -> Refused:
    return Refused("target_too_long", "target_too_long", f"At most {MOST_TARGET_BYTES} bytes.")
