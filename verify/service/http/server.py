"""The server of the verify service: listens, keeps its connections within limits, and leaves nobody without an answer.

head.py, heads.py   what a request says, and whether it may be said like this
chunks.py           a body that comes in chunks
connection.py       one connection: requests in, answers out
writing.py          answers as bytes
"""

import asyncio
import contextlib
import resource
import signal
import socket
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from verify.service.http.connection import Connection
from verify.service.http.exchange import Exchange
from verify.service.http.heads import Heads
from verify.service.http.writing import Writer

BACKLOG = 2048
OTHER_FILES = 100  # descriptors that are no connections


class Limits(NamedTuple):
    """How many, and for how long."""

    connections: int = 10_000
    head_seconds: float = 10  # from the first byte, and from the connection to it
    body_seconds: float = 20
    idle_seconds: float = 75  # between requests
    unread_seconds: float = 30  # that the peer does not read its answers
    linger_seconds: float = 2  # after the last answer
    look_seconds: float = 1  # how often all these are looked at
    last_request_seconds: float = 0.5  # that a connection between requests is kept when we leave
    leave_seconds: float = 5


class Application(Protocol):
    """verify.service.app.App."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def answer(self, exchange: Exchange) -> None: ...


class Server:
    """`answer` gets each request when it is whole, and never raises."""

    def __init__(self, answer: Callable[[Exchange], None], limits: Limits | None = None) -> None:
        self.answer, self.limits = answer, limits or Limits()
        self.heads, self.writer = Heads(), Writer()
        self.is_draining = False
        self._most = min(self.limits.connections, _files() - OTHER_FILES)
        self._connections: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self, listening: socket.socket) -> None:
        """Other processes may listen on the same socket."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self), sock=listening, backlog=BACKLOG)
        self._looking = loop.call_later(self.limits.look_seconds, self._look)

    async def stop(self) -> None:
        """Takes no more connections, and answers what has come. Whoever is between requests may make one more, which
        tells them to go elsewhere: a connection closed at once might cross with their next request.
        """
        self.is_draining = True
        self._listener.close()
        if not await self._is_empty_within(self.limits.last_request_seconds):
            for connection in list(self._connections):
                connection.leave_if_idle()
            if not await self._is_empty_within(self.limits.leave_seconds - self.limits.last_request_seconds):
                for connection in list(self._connections):
                    connection.abort()
                await self._is_empty_within(1)
        self._looking.cancel()

    def open(self, connection: Connection) -> bool:
        """False if there are too many."""
        if len(self._connections) >= self._most:
            return False
        self._connections.add(connection)
        self._empty.clear()
        return True

    def close(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def _look(self) -> None:
        """One timer for all, not one for each request."""
        self.writer.tick()
        now = time.perf_counter()
        for connection in list(self._connections):
            connection.expire(now)
        self._looking = asyncio.get_running_loop().call_later(self.limits.look_seconds, self._look)

    async def _is_empty_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        return not self._connections


async def serve(app: Application, listening: socket.socket, limits: Limits | None = None) -> None:
    """Until SIGTERM or SIGINT, and then until all is answered."""
    loop, asked_to_stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    await app.start()
    server = Server(app.answer, limits)
    await server.start(listening)
    await asked_to_stop.wait()
    await server.stop()
    await app.stop()


def _files() -> int:
    """How many descriptors this process may have: as many as it can be given."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # what we have must do
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft if soft != resource.RLIM_INFINITY else 1 << 20
