"""One connection in process, fed with any bytes in any pieces, and what must hold whatever they are."""

import contextlib
import random
import re
from collections.abc import Callable
from typing import Any, cast

import httptools

from tests.verify.service.http.listening import Answer, read_answer
from tests.verify.service.http.malformed import CHUNKED, MALFORMED, POST, SMUGGLED
from verify.service.http.connection import Connection
from verify.service.http.exchange import Exchange, Response
from verify.service.http.server import Server

GOOD = {
    "pipelined": SMUGGLED * 3 + b"HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n" + SMUGGLED,
    "a request in a body": POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a request in a chunk": CHUNKED + b"%x;a=b\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\nX: y\r\n\r\n" + SMUGGLED,
    "100": POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" + SMUGGLED,
    "1.0": b"GET http://x/a?b HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n" + SMUGGLED,
    "close": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: a, close\r\n\r\n" + SMUGGLED,
    "upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + SMUGGLED,
    "too large": POST + b"Content-Length: 65537\r\n\r\n" + SMUGGLED,
    "compressed": POST + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc" + SMUGGLED,
    "a line end between": POST + b"Content-Length: 1\r\n\r\na\r\n\r\n" + SMUGGLED,
}
SEEDS = [b"\0\0" + raw for raw in (*GOOD.values(), *MALFORMED.values())]
WORDS = [
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b":", b",", b";", b"0\r\n\r\n", b"5\r\nabcde\r\n", b"\r\n\r\n"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n", SMUGGLED),
    *(b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: x\r\n", POST, CHUNKED),
    *(b"HTTP/1.0", b"HTTP/1.1", b"HEAD ", b"OPTIONS * ", b"http://x", b"/wait", b"\xff", b"abcde"),
]
_UPGRADE = re.compile(rb"upgrade", re.IGNORECASE)  # after one llhttp would read no more, but none is accepted here
_BLOT = bytes.maketrans(b"upgradeUPGRADE", b"_" * 14)
Request = tuple[str, bytes]  # method and body: where it begins and where it ends


class Wire:
    """What a connection writes to; it tells if anything is written where nothing may be any more."""

    def __init__(self) -> None:
        self.written, self.is_closed = bytearray(), False

    def write(self, raw: bytes) -> None:
        assert not self.is_closed, raw
        self.written += raw

    def close(self) -> None:
        self.is_closed = True

    write_eof = abort = close

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def get_extra_info(self, name: str) -> tuple[str, int]:
        return "127.0.0.1", len(name)


class Later:
    """Answers every request at once, or, if the path says so, when it is told to."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.waiting: list[Exchange] = []
        self.server = Server(self.answer)

    def answer(self, exchange: Exchange) -> None:
        assert not self.waiting, "one after the other"
        self.seen.append((exchange.method, exchange.body))
        if "wait" in exchange.path:
            self.waiting.append(exchange)
        else:
            exchange.answer(Response(200, b"{}"))

    def let_go(self) -> None:
        while self.waiting:
            self.waiting.pop().answer(Response(200, b"later"))


APP = Later()


def check(given: bytes) -> None:
    """The first two bytes say in which pieces the rest comes, and how long answers are waited for."""
    dice, raw, app, wire = random.Random(given[:2]), given[2:], APP, Wire()
    app.seen.clear()
    app.waiting.clear()
    connection = Connection(app.server)
    connection.connection_made(cast(Any, wire))
    cuts = sorted(dice.randrange(len(raw) + 1) for _ in range(dice.choice((0, 0, 1, 2, 5, 20))))
    for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        if dice.random() < 0.1:
            connection.pause_writing()
            connection.data_received(raw[begin:end])
            connection.resume_writing()
        else:
            connection.data_received(raw[begin:end])
        if dice.random() < 0.8:
            app.let_go()
    app.let_go()
    _finish(connection, app, wire, dice)
    _compare(app.seen, raw, wire)


def _finish(connection: Connection, app: Later, wire: Wire, dice: random.Random) -> None:
    if wire.is_closed:
        seen, written = len(app.seen), len(wire.written)
        connection.data_received(SMUGGLED)
        connection.expire(0.0)
        assert (len(app.seen), len(wire.written)) == (seen, written), "nothing follows the end"
    elif dice.random() < 0.5:
        connection.expire(float("inf"))
        assert wire.is_closed
    else:
        connection.eof_received()
    connection.connection_lost(None)
    app.let_go()
    assert connection not in app.server._connections


def _compare(seen: list[Request], raw: bytes, wire: Wire) -> None:
    """Answers are whole and not more than requests, the last of them a refusal at most; and llhttp, which has read all
    at once, has seen the same requests, perhaps more.
    """
    answers = _answers(bytes(wire.written), [method for method, _ in seen])
    final = [answer for answer in answers if answer.status >= 200]
    assert all(answer.status == 200 for answer in final[:-1])
    assert len(final) - len(seen) in {0, 1}
    if len(final) > len(seen):
        assert 400 <= final[-1].status < 500, "a refusal"
        assert wire.is_closed
        assert final[-1].headers["connection"] == "close"
    assert _blotted(seen) == _blotted(_as_llhttp_reads(_UPGRADE.sub(b"upgrad_", raw)))[: len(seen)]


def _blotted(requests: list[Request]) -> list[Request]:
    return [(method, body.translate(_BLOT)) for method, body in requests]


def _answers(written: bytes, methods: list[str]) -> list[Answer]:
    answers: list[Answer] = []
    asked = iter(methods)
    while written:
        is_interim = written.startswith(b"HTTP/1.1 100 ")
        to_head = not is_interim and next(asked, "") == "HEAD"
        found = read_answer(written, to_head=to_head) or read_answer(written, to_head=True)
        assert found, written
        answer, written = found
        answers.append(answer)
    return answers


class _Reading:
    """What llhttp calls."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.requests.append((self.parser.get_method().decode(), self._body))


def _as_llhttp_reads(raw: bytes) -> list[Request]:
    reading = _Reading()
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):  # the latter of CONNECT
        reading.parser.feed_data(raw)
    return reading.requests


def mutate(by_coverage: Callable[[bytes, int], bytes], given: bytes, most: int, seed: int) -> bytes:
    """HTTP's own words at any place, lines taken out or doubled, two inputs in a row; or what atheris thinks of."""
    dice = random.Random(seed)
    kind, place = dice.randrange(6), dice.randrange(2, max(3, len(given)))
    lines = given[2:].split(b"\r\n")
    if kind == 0:
        given = given[:place] + dice.choice(WORDS) + given[place:]
    elif kind == 1:
        given = given[:place] + dice.choice(WORDS) + given[place + dice.randrange(8) :]
    elif kind == 2:
        lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
        given = given[:2] + b"\r\n".join(lines)
    elif kind == 3:
        del lines[dice.randrange(len(lines))]
        given = given[:2] + b"\r\n".join(lines)
    elif kind == 4:
        given = given + dice.choice(SEEDS)[2:]
    else:
        given = by_coverage(given, most)
    return given[:most]
