"""Whatever two readers could understand in two ways is refused, and nothing that follows it is read."""

from collections.abc import Iterator

import httptools
import pytest

from tests.verify.service.http.listening import Line, Listening, listening
from tests.verify.service.http.malformed import MALFORMED, SMUGGLED
from verify.service.http.exchange import Refused
from verify.service.http.head import MOST_FIELDS, MOST_HEAD_BYTES, MOST_TARGET_BYTES, read


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


def test_only_blanks_and_tabs_stand_beside_a_wish() -> None:
    def goes_on(wish: bytes) -> bool:
        return read(b"GET / HTTP/1.0\r\nConnection: close\xa0, %b\r\n\r\n" % wish).keep_alive

    assert [goes_on(wish) for wish in (b"keep-alive", b"\tKeep-Alive ", b"\xa0keep-alive")] == [True, True, False]


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
