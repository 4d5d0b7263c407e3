"""What the verify service answers: `/v1/verify`, its document, and the health of one process."""

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Callable
from typing import Any

from verify import request as verify_request
from verify.ground.problem import FieldError
from verify.ground.viewer import files
from verify.request import VerifyRequest
from verify.service import metrics
from verify.service.accounting.accountant import Accountant, AccountingUnavailable
from verify.service.http import Handler, Refused, Request, Response, json_response
from verify.service.lookup import Caller, Trail, find_caller, find_facts
from verify.service.openapi.document import TITLE, document
from verify.service.settings import Settings
from verify.service.store import FactStore, StoreNotReady, StoreUnavailable
from verify.service.verifying import Presented, Verifier, named

PERMISSION = "verify"

Parse = Callable[[bytes], list[VerifyRequest]]


class Routes:
    """`find` gives the handler of a method and path."""

    def __init__(self, settings: Settings, store: FactStore, accountant: Accountant) -> None:
        self._settings, self._store, self._accountant = settings, store, accountant
        self._verifier = Verifier(accountant)
        self._table: dict[str, tuple[str, Handler]] = {
            "/v1/verify": ("POST", self.verify),
            "/v1/verify/batch": ("POST", self.verify_batch),
            "/livez": ("GET", self.livez),
            "/readyz": ("GET", self.readyz),
            "/metrics": ("GET", self.metrics),
            "/openapi.json": ("GET", self.openapi),
            "/docs": ("GET", self.docs),
            **{f"/docs/{name}": ("GET", self.docs_part) for name in (*files.OURS, *files.THEIRS)},
        }

    def find(self, method: str, path: str) -> Handler:
        """Raises Refused (404, 405)."""
        known = self._table.get(path)
        if known is None:
            raise Refused("not_found", "not_found", "There is nothing at this address.")
        allowed, handler = known
        if method != allowed and (method, allowed) != ("HEAD", "GET"):
            raise Refused("method_not_allowed", "method_not_allowed", f"Use {allowed} here.", allow=allowed)
        return handler

    async def verify(self, request: Request) -> Response:
        (verdict,) = await self._verdicts(request, lambda body: [verify_request.parse(body)])
        return json_response(verdict)

    async def verify_batch(self, request: Request) -> Response:
        """Each is decided and counted by itself; they are told in the order they were asked."""
        return json_response(await self._verdicts(request, verify_request.parse_batch))

    async def _verdicts(self, request: Request, parse: Parse) -> list[Any]:
        try:
            return await self._decided(request, parse, Trail(self._store), degraded=False)
        except StoreNotReady as error:
            detail = "The facts are being rebuilt after a loss; try again in a few seconds."
            raise Refused("unavailable", "not_ready", detail) from error
        except (StoreUnavailable, AccountingUnavailable):
            return await self._bridged(request, parse)

    async def _bridged(self, request: Request, parse: Parse) -> list[Any]:
        """Redis cannot be reached: what is remembered may answer where the environment says so."""
        try:
            return await self._decided(request, parse, Trail(self._store, suspect=True), degraded=True)
        except (StoreNotReady, StoreUnavailable) as error:
            detail = "The facts or the counters cannot be reached now; try again shortly."
            raise Refused("unavailable", "unavailable", detail) from error

    async def _decided(self, request: Request, parse: Parse, trail: Trail, *, degraded: bool) -> list[Any]:
        caller = await self._caller(request, trail)
        if degraded and not self._may_bridge(caller):
            raise StoreUnavailable
        try:
            asked = parse(request.body)
        except verify_request.BadRequest as bad:
            errors = (FieldError(bad.pointer, bad.code, bad.detail),)
            raise Refused("invalid", "invalid_request", bad.detail, errors) from bad

        async def one(presented: Presented) -> Any:
            key = presented.asked.key
            found = await find_facts(trail, self._settings.peppers, caller, key) if key is not None else None
            if degraded:
                return self._verifier.bridge(presented, caller, found)
            return await self._verifier.verify(presented, caller, found)

        calls = named(asked, request)
        if len(calls) == 1:
            return [await one(calls[0])]
        return await asyncio.gather(*(one(call) for call in calls))

    async def _caller(self, request: Request, trail: Trail) -> Caller:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        caller = None
        if scheme.lower() == "bearer":
            caller = await find_caller(trail, self._settings.peppers, secret.strip())
        if caller is None or not _is_in_force(caller, time.time_ns() // 1_000_000):
            detail = "Send `Authorization: Bearer lsk_…` with a secret key that is in force."
            raise Refused("unauthenticated", "invalid_secret_key", detail)
        if not {PERMISSION, "*"}.intersection(caller.secret_key.scopes):
            raise Refused("forbidden", "permission_missing", f"This secret key lacks the scope `{PERMISSION}`.")
        return caller

    def _may_bridge(self, caller: Caller) -> bool:
        environment = caller.environment
        away = max(self._store.seconds_suspect(), self._accountant.seconds_away())
        return environment.on_outage == "allow" and away <= environment.stale_seconds

    async def livez(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        return json_response({"status": "alive"})

    async def readyz(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """503 until Redis is heard and its facts are whole."""
        try:
            state = await self._store.state()
        except StoreUnavailable:
            return json_response({"status": "not ready", "redis": "unreachable", "facts": "unknown"}, 503)
        except StoreNotReady:
            return json_response({"status": "not ready", "redis": "ok", "facts": "being rebuilt"}, 503)
        if not self._store.is_trusted():
            return json_response({"status": "not ready", "redis": "silent", "facts": "suspect"}, 503)
        return json_response({"status": "ready", "redis": "ok", "facts": "whole", "epoch": state.epoch})

    async def metrics(self, request: Request) -> Response:
        token = self._settings.metrics_token
        _, _, given = request.headers.get("authorization", "").partition(" ")
        allowed = hmac.compare_digest(given.encode(), token.encode()) if token else _is_loopback(request.client)
        if not allowed:
            raise Refused("forbidden", "metrics_closed", "Metrics are for loopback, or for LICET_METRICS_TOKEN.")
        return Response(200, metrics.text(), metrics.CONTENT_TYPE)

    async def openapi(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        return Response(200, document().encode(), headers=(("cache-control", "no-cache"),))

    async def docs(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        return Response(200, *files.page(TITLE))

    async def docs_part(self, request: Request) -> Response:
        return Response(200, *files.part(request.path.rpartition("/")[2]))


def _is_in_force(caller: Caller, now: int) -> bool:
    key = caller.secret_key
    return not key.revoked and (key.expires_at is None or now < key.expires_at)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
