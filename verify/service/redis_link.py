"""One connection to Redis: pipelined commands out, replies and pushed invalidations in, in Redis's order.

Reads and invalidations share the connection on purpose. Redis writes a reply before the invalidation of any
later change, so a value stored while its reply is being read can never hide a change that was already told.
That is also why a reply is handed to a callback at once and not to a future, whose reader would run later.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from verify.facts import PREFIX
from verify.ground.failpoints import is_off

CONNECT_SECONDS = 2.0  # timeout of connect and handshake; then the caller tries again with back-off

Reply = Callable[[Any], None]
Invalidate = Callable[[list[str] | None], None]


class LinkLost(Exception):
    """The connection ended before the answer came; nothing is known of the command."""


class RedisLink(asyncio.Protocol):
    """Call `open_link`; `on_invalidate` gets the changed keys, or None when all may have changed."""

    def __init__(self, on_lost: Callable[[], None], on_invalidate: Invalidate) -> None:
        self._on_invalidate, self._on_lost = on_invalidate, on_lost
        self._reader = hiredis.Reader(notEnoughData=Ellipsis)
        self._waiting: deque[Reply] = deque()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # asyncio gives stream protocols such a one

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        waiting, self._waiting = self._waiting, deque()
        for reply in waiting:
            reply(LinkLost())
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not Ellipsis:
            if isinstance(reply, hiredis.PushNotification):
                self._pushed(reply)
            elif self._waiting:
                self._waiting.popleft()(reply)

    def _pushed(self, push: list[Any]) -> None:
        if push and push[0] == b"invalidate":
            self._on_invalidate(None if push[1] is None else [key.decode() for key in push[1]])

    def send(self, reply: Reply, *words: str | bytes) -> None:
        """Writes a command; `reply` is called once with Redis's answer, a ReplyError or LinkLost."""
        if self._transport is None:
            reply(LinkLost())
            return
        self._waiting.append(reply)
        self._transport.write(hiredis.pack_command(cast(Any, words)))  # its stub wants a tuple of one

    async def call(self, *words: str | bytes) -> Any:
        """The answer of one command whose order against invalidations does not matter."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def replied(value: Any) -> None:
            if not answer.done():
                answer.set_result(value)

        self.send(replied, *words)
        value = await answer
        if isinstance(value, Exception):
            raise value
        return value

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def open_link(url: str, on_lost: Callable[[], None], on_invalidate: Invalidate | None = None) -> RedisLink:
    """Connects, logs in and, if somebody wants to know, asks to be told of every changed fact.

    `url`: `redis://`, `rediss://` or `unix://`, as redis-py reads them. Raises OSError, LinkLost, TimeoutError
    or hiredis.HiredisError.
    """
    async with asyncio.timeout(CONNECT_SECONDS):
        parts = urlsplit(url)
        link = RedisLink(on_lost, on_invalidate or _ignore)
        loop = asyncio.get_running_loop()
        if parts.scheme == "unix":
            await loop.create_unix_connection(lambda: link, unquote(parts.path))
        else:
            secure = ssl.create_default_context() if parts.scheme == "rediss" else None
            await loop.create_connection(lambda: link, parts.hostname or "127.0.0.1", parts.port or 6379, ssl=secure)
        try:
            await _handshake(link, parts, tracking=on_invalidate is not None)
        except BaseException:
            link.close()
            raise
        return link


def _ignore(keys: list[str] | None) -> None:
    """Nothing is held whose change would matter."""


async def _handshake(link: RedisLink, parts: Any, *, tracking: bool) -> None:
    hello: list[str] = ["HELLO", "3"]
    if parts.password:
        hello += ["AUTH", unquote(parts.username or "default"), unquote(parts.password)]
    await link.call(*hello)
    query = parse_qs(parts.query)
    number = query["db"][0] if "db" in query else parts.path.lstrip("/") if parts.scheme != "unix" else ""
    if number and number != "0":
        await link.call("SELECT", number)
    if tracking and not is_off("verify.tracking"):
        await link.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", PREFIX)
    await link.call("PING")  # while Redis loads its data it takes all of the above, but not this
