"""Both servers in this process with an application that tells what it was asked, and lines to them, byte for byte."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import uvicorn
import uvloop

from verify.service.http.asgi import Asgi
from verify.service.http.exchange import Exchange, Response, json_response
from verify.service.http.server import Limits, Server

SECONDS = 10.0
_HEAD = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) [A-Za-z -]+\r\n((?:[A-Za-z-]+: [\x20-\x7e]*\r\n)*)\r\n", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Garbled(AssertionError):
    """What came is not a row of whole answers."""


def read_answer(raw: bytes, *, to_head: bool = False) -> tuple[Answer, bytes] | None:
    """The first answer and what follows it; None if it is not whole yet. Raises Garbled."""
    if b"\r\n\r\n" not in raw:
        return None
    found = _HEAD.match(raw)
    if not found:
        raise Garbled(raw)
    lines = found[2].decode().split("\r\n")[:-1]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if len(headers) != len(lines):
        raise Garbled(raw)
    status = int(found[1])
    length = 0 if status < 200 or to_head else int(headers["content-length"])
    rest = raw[found.end() :]
    return None if len(rest) < length else (Answer(status, headers, rest[:length]), rest[length:])


def read_answers(raw: bytes) -> list[Answer]:
    """Raises Garbled unless there is nothing but whole answers."""
    answers = []
    while raw:
        found = read_answer(raw)
        if found is None:
            raise Garbled(raw)
        answer, raw = found
        answers.append(answer)
    return answers


@dataclass
class Echo:
    """Answers at once what it was asked; `/later` after a moment, `/huge` with much, and `/wait` when it is let go."""

    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    waiting: list[Exchange] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        pass

    def answer(self, exchange: Exchange) -> None:
        self.seen.append((exchange.method, exchange.path, exchange.body))
        if exchange.path == "/later":
            asyncio.get_running_loop().call_later(0.02, exchange.answer, echoed(exchange))
        elif exchange.path == "/huge":
            exchange.answer(Response(200, b"x" * 5_000_000))
        elif exchange.path == "/wait":
            self.waiting.append(exchange)
        else:
            exchange.answer(echoed(exchange))

    def let_go(self) -> None:
        assert self.loop is not None
        while self.waiting:
            exchange = self.waiting.pop()
            self.loop.call_soon_threadsafe(exchange.answer, echoed(exchange))


def echoed(exchange: Exchange) -> Response:
    told = {"method": exchange.method, "path": exchange.path, "body": exchange.body.decode("latin-1")}
    return json_response({**told, "headers": dict(exchange.headers), "client": exchange.client})


class Line:
    """One connection, as raw as it gets."""

    def __init__(self, port: int, *, receives: int = 0) -> None:
        self.socket = socket.socket()
        if receives:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.socket.settimeout(SECONDS)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self._unread = b""

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def answer(self, *, to_head: bool = False) -> Answer:
        while (found := read_answer(self._unread, to_head=to_head)) is None:
            part = self.socket.recv(1 << 20)
            assert part, f"closed after {self._unread!r}"
            self._unread += part
        answer, self._unread = found
        return answer

    def ask(self, raw: bytes) -> Answer:
        self.send(raw)
        return self.answer()

    def is_closed(self) -> bool:
        """Waits for the server to close, with not a byte more."""
        assert self._unread == b""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def reset(self) -> None:
        """Goes away as a crashed peer does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class Running(Protocol):
    async def stop(self) -> None: ...


class _Uvicorn:
    """uvicorn as the service runs it."""

    def __init__(self, app: Echo) -> None:
        options = {"loop": "none", "http": "httptools", "ws": "none", "lifespan": "off", "log_config": None}
        self._server = uvicorn.Server(uvicorn.Config(Asgi(app), access_log=False, **options))  # type: ignore[arg-type]  # Asgi asks of App what Echo has

    async def start(self, listening: socket.socket) -> None:
        self._serving = asyncio.create_task(self._server.serve([listening]))

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._serving


@dataclass
class Listening:
    """A server that runs in a thread of its own."""

    port: int
    app: Echo
    server: Running
    loop: asyncio.AbstractEventLoop
    lines: list[Line] = field(default_factory=list)

    def line(self, *, receives: int = 0) -> Line:
        self.lines.append(Line(self.port, receives=receives))
        return self.lines[-1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop).result(SECONDS)


@contextmanager
def listening(kind: str = "licet", limits: Limits | None = None) -> Iterator[Listening]:
    app, started = Echo(), threading.Event()
    at = socket.create_server(("127.0.0.1", 0), backlog=2048)
    loop = uvloop.new_event_loop()

    async def start() -> Running:
        await app.start()
        server = Server(app.answer, limits) if kind == "licet" else _Uvicorn(app)
        await server.start(at)
        started.set()
        return server

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    found = Listening(at.getsockname()[1], app, asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS), loop)
    try:
        yield found
    finally:
        for line in found.lines:
            line.socket.close()
        found.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
