"""The ASGI application: reads bounded requests, calls a route, writes the answer. Decides nothing."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from verify.ground import ids
from verify.service import metrics
from verify.service.accounting.accountant import Accountant
from verify.service.http import Refused, Request, Response, refusal_response
from verify.service.routes import Routes
from verify.service.settings import Settings
from verify.service.store import FactStore

MOST_BODY_BYTES = 65_536

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)


class App:
    def __init__(self, settings: Settings) -> None:
        self._store = FactStore(settings.redis_url)
        self._accountant = Accountant(settings.redis_url, settings.counter_shards, settings.log_cap)
        self._routes = Routes(settings, self._store, self._accountant)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        keeping = [asyncio.create_task(kept.run()) for kept in (self._store, self._accountant)]
        for one in keeping:
            one.add_done_callback(_report_a_bug)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._accountant.tell_unknown()
        for one in keeping:
            one.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await one
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        named = ids.new_uuid()
        request_id = ids.encode("req", named)
        path = scope["path"]
        try:
            handler = self._routes.find(scope["method"], path)
            headers = _headers(scope)
            body = await _read_body(headers, receive)
            client = (scope.get("client") or ("",))[0]
            response = await handler(Request(scope["method"], path, headers, body, client, named, started))
        except Refused as refused:
            metrics.REFUSED.labels(refused.code).inc()
            response = refusal_response(refused, path=path, request_id=request_id)
        except Exception:  # the edge: a bug ends this request with 500 and its traceback in the log, not the process
            log.exception("A bug answered %s %s with 500 (%s)", scope["method"], path, request_id)
            broken = Refused("internal", "internal_error", "Something broke on our side; it was logged.")
            response = refusal_response(broken, path=path, request_id=request_id)
        metrics.SECONDS.observe(time.perf_counter() - started)
        await _write(send, response, request_id)


def _report_a_bug(keeping: asyncio.Task[None]) -> None:
    if not keeping.cancelled() and keeping.exception() is not None:
        log.error(
            "The connection to Redis is no longer kept; this process will not be ready", exc_info=keeping.exception()
        )


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes:
    too_large = Refused("too_large", "body_too_large", f"At most {MOST_BODY_BYTES} bytes.")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST_BODY_BYTES:
        raise too_large
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported_media", "compressed_body", "Send the body without Content-Encoding.")
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


async def _write(send: Send, response: Response, request_id: str) -> None:
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
