"""What the verify service answers: `/v1/verify`, its document, and the health of one process."""

import hmac
import ipaddress
import time

from verify import request as verify_request
from verify.answer import render
from verify.decision import decide
from verify.ground.problem import FieldError
from verify.ground.viewer import files
from verify.service import metrics
from verify.service.http import Handler, Refused, Request, Response, json_response
from verify.service.lookup import Caller, Trail, find_caller, find_facts
from verify.service.openapi.document import TITLE, document
from verify.service.settings import Settings
from verify.service.store import FactStore, StoreNotReady, StoreUnavailable

PERMISSION = "verify"


class Routes:
    """`find` gives the handler of a method and path."""

    def __init__(self, settings: Settings, store: FactStore) -> None:
        self._settings, self._store = settings, store
        self._table: dict[str, tuple[str, Handler]] = {
            "/v1/verify": ("POST", self.verify),
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
        try:
            return await self._verify(request, Trail(self._store), degraded=False)
        except StoreNotReady as error:
            detail = "The facts are being rebuilt after a loss; try again in a few seconds."
            raise Refused("unavailable", "not_ready", detail) from error
        except StoreUnavailable:
            return await self._verify_from_memory(request)

    async def _verify_from_memory(self, request: Request) -> Response:
        """Redis cannot be reached: what is remembered may answer where the environment says so."""
        try:
            return await self._verify(request, Trail(self._store, suspect=True), degraded=True)
        except (StoreNotReady, StoreUnavailable) as error:
            raise Refused("unavailable", "unavailable", "The facts cannot be read now; try again shortly.") from error

    async def _verify(self, request: Request, trail: Trail, *, degraded: bool) -> Response:
        caller = await self._caller(request, trail)
        if degraded and not self._may_bridge(caller):
            raise StoreUnavailable
        try:
            asked = verify_request.parse(request.body)
        except verify_request.BadRequest as bad:
            errors = (FieldError(bad.pointer, bad.code, bad.detail),)
            raise Refused("invalid", "invalid_request", bad.detail, errors) from bad
        peppers = self._settings.peppers
        known = await find_facts(trail, peppers, caller.environment, asked.key) if asked.key is not None else None
        now = time.time_ns() // 1_000_000
        verdict = decide(known, asked, now)
        metrics.VERDICTS.labels(verdict.reason.value).inc()
        return json_response(render(verdict, request.request_id, now, degraded=degraded))

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
        return environment.on_outage == "allow" and self._store.seconds_suspect() <= environment.stale_seconds

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
