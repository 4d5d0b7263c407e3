"""What no request may look like: whatever two readers could understand in two ways is refused, and nothing follows it."""

from collections.abc import Iterator

import httptools
import pytest

from tests.verify.service.http.listening import Line, Listening, listening
from verify.service.http.exchange import Refused
from verify.service.http.head import MOST_FIELDS, MOST_HEAD_BYTES, MOST_TARGET_BYTES, read

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

MALFORMED = {
    "length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "the same length twice": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 0\r\n\r\n",
    "a length with a sign": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a length with a space": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0 0\r\n\r\n",
    "a hexadecimal length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x0\r\n\r\n",
    "a length in no ASCII digits": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\n",
    "no length in its field": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
    "an endless length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
    "another coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a coding before chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding after chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in quotes": b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked in capitals": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
    "chunked after a vertical tab": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "no coding in its field": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bare LF after the first line": b"GET / HTTP/1.1\nHost: x\r\n\r\n",
    "a bare LF after a field": b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "bare LFs alone": b"GET / HTTP/1.1\nHost: x\n\n",
    "a bare LF at the end": b"GET / HTTP/1.1\r\nHost: x\r\n\n",
    "a bare CR in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\rZ: z\r\n\r\n",
    "a bare CR after the first line": b"GET / HTTP/1.1\rHost: x\r\n\r\n",
    "CR CR LF": b"GET / HTTP/1.1\r\r\nHost: x\r\n\r\n",
    "a folded field": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n",
    "a folded field by a tab": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n\tz\r\n\r\n",
    "space before the first field": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "space before a colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "a tab before a colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 5\r\n\r\n",
    "a field without a colon": b"GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n",
    "a field without a name": b"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
    "a name with a space": b"GET / HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n",
    "a name that is not ASCII": b"GET / HTTP/1.1\r\nHost: x\r\nX\xe9: z\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "a control in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n",
    "DEL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x7fb\r\n\r\n",
    "NUL in a name": b"GET / HTTP/1.1\r\nHost: x\r\nX\0: b\r\n\r\n",
    "two spaces in the first line": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab in the first line": b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "space before the method": b" GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "space after the version": b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in the target": b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target that is not ASCII": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment in the target": b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target that is no path": b"GET here HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target of another scheme": b"GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
    "a method nobody knows": b"FROB / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no method": b"/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /\r\nHost: x\r\n\r\n",
    "HTTP/0.9": b"GET / HTTP/0.9\r\nHost: x\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    "HTTP/1.10": b"GET / HTTP/1.10\r\nHost: x\r\n\r\n",
    "http/1.1": b"GET / http/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "the same host twice": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "a host with a user": b"GET / HTTP/1.1\r\nHost: a@x\r\n\r\n",
    "a host with a path": b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "a chunk without a size": CHUNKED + b"\r\n\r\n",
    "a chunk size with a sign": CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
    "a chunk size after a space": CHUNKED + b" 5\r\nabcde\r\n0\r\n\r\n",
    "a chunk size before a space": CHUNKED + b"5 \r\nabcde\r\n0\r\n\r\n",
    "an endless chunk size": CHUNKED + b"0" * 300 + b"5\r\nabcde\r\n0\r\n\r\n",
    "a chunk size beyond 32 bits": CHUNKED + b"100000005\r\nabcde\r\n0\r\n\r\n",
    "a chunk size before a bare LF": CHUNKED + b"5\nabcde\r\n0\r\n\r\n",
    "a chunk size before a bare CR": CHUNKED + b"5\rabcde\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"3\r\nabcde\r\n0\r\n\r\n",
    "a chunk that ends with a bare LF": CHUNKED + b"5\r\nabcde\n0\r\n\r\n",
    "a chunk extension with a bare LF": CHUNKED + b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
    "a chunk extension that is too long": CHUNKED + b"5;" + b"a" * 300 + b"\r\nabcde\r\n0\r\n\r\n",
    "a trailer with a bare LF": CHUNKED + b"0\r\nX: y\nZ: z\r\n\r\n",
    "a trailer without a colon": CHUNKED + b"0\r\nX\r\n\r\n",
    "trailers that are too long": CHUNKED + b"0\r\nX: " + b"y" * 5000 + b"\r\n\r\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def ours() -> Iterator[Listening]:
    with listening() as running:
        yield running


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_refused_and_ends_the_connection(ours: Listening, raw: bytes) -> None:
    asked_before = list(ours.app.seen)
    refused_and_closed(ours.line(), raw + SMUGGLED)
    assert ours.app.seen == asked_before


def refused_and_closed(line: Line, raw: bytes, status: int = 400) -> None:
    answer = line.ask(raw)
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["request-id"] == answer.json["request_id"]
    assert line.is_closed()


def test_what_was_answered_before_stays_answered(ours: Listening) -> None:
    line = ours.line()
    assert line.ask(b"GET /fine HTTP/1.1\r\nHost: x\r\n\r\n" + MALFORMED["two lengths"]).status == 200
    assert line.answer().status == 400
    assert line.is_closed()


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (414, b"GET /" + b"x" * MOST_TARGET_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
        (414, b"GET /" + b"x" * 2 * MOST_HEAD_BYTES),
        (431, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * MOST_HEAD_BYTES + b"\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * MOST_HEAD_BYTES),
        (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * MOST_FIELDS + b"\r\n"),
    ],
)
def test_a_head_has_its_limits(ours: Listening, status: int, raw: bytes) -> None:
    refused_and_closed(ours.line(), raw, status)


def test_a_head_may_reach_its_limits(ours: Listening) -> None:
    line = ours.line()
    fields = b"X: y\r\n" * (MOST_FIELDS - 1)
    assert line.ask(b"GET / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n").status == 200
    assert line.ask(b"GET /" + b"x" * (MOST_TARGET_BYTES - 1) + b" HTTP/1.1\r\nHost: x\r\n\r\n").status == 200


@pytest.mark.parametrize(
    "host", ["x", "x.example:8001", "[::1]", "[::1]:8001", "127.0.0.1:", "", "xn--bcher-kva.example"]
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert read(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).path == "/"


def test_no_field_is_ever_passed_on_that_the_grammar_forbids() -> None:
    """Every byte at every place of a head: what is taken has no control in it, and llhttp reads the same by itself."""
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
    taken = 0
    for place in range(len(head)):
        for byte in range(256):
            changed = head[:place] + bytes([byte]) + head[place + 1 :]
            try:
                meant = read(changed)
            except Refused:
                continue
            taken += 1
            assert all(
                " " <= letter != "\x7f" or letter == "\t" for value in meant.headers.values() for letter in value
            )
            assert meant.length == int(meant.headers.get("content-length", "0"))
            assert httptools.parse_url(changed.split(b" ")[1]).path is not None
    assert taken > 500
