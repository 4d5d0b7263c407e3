"""The verify service under any ASGI server (uvicorn)."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from verify.ground import ids
from verify.service.app import App
from verify.service.http.exchange import (
    MOST_BODY_BYTES,
    Exchange,
    Fields,
    Refused,
    Response,
    refuse_body,
    too_large,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiExchange(Exchange, kw_only=True, eq=False):
    written: asyncio.Future[Response]

    def write(self, response: Response) -> None:
        if not self.written.done():  # a server that gave the request up has cancelled it
            self.written.set_result(response)


class Asgi:
    """The application that a server calls."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._app.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._app.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _exchange(scope)
        try:
            refuse_body(exchange.headers)
            exchange.body = await _read_body(receive)
        except Refused as refused:
            exchange.refuse(refused)
        else:
            self._app.answer(exchange)
        await _send(send, await exchange.written, exchange.request_id)


def _exchange(scope: Scope) -> AsgiExchange:
    headers, (client, *_) = _headers(scope), scope.get("client") or ("",)
    twice = _twice(scope) if len(headers) < len(scope["headers"]) else ()
    target = scope["method"], scope["path"], scope["query_string"].decode("latin-1")
    return AsgiExchange(
        *(*target, headers, b"", client, time.perf_counter(), *ids.new_spelled("req"), twice),
        written=asyncio.get_running_loop().create_future(),
    )


def _headers(scope: Scope) -> Fields:
    headers = Fields()
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _twice(scope: Scope) -> list[str]:
    names = Counter(name.decode("latin-1").lower() for name, _ in scope["headers"])
    return [name for name, times in names.items() if times > 1]


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise too_large()
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, response: Response, request_id: str) -> None:
    headers = [
        (b"content-type", response.content_type.encode()),
        (b"content-length", b"%d" % len(response.body)),
        (b"request-id", request_id.encode()),
        *((name.lower().encode(), value.encode()) for name, value in response.headers),
    ]
    if all(name != b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
