"""Whether this process is alive and ready, and what it has counted."""

import hmac
import ipaddress

from verify.service import metrics
from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable
from verify.service.http.exchange import Exchange, Refused, Response, json_response


class Health:
    def __init__(self, store: FactStore, metrics_token: str) -> None:
        self._store, self._metrics_token = store, metrics_token

    def livez(self, exchange: Exchange) -> Response:  # noqa: ARG002 - a handler's signature
        return json_response({"status": "alive"})

    async def readyz(self, exchange: Exchange) -> Response:  # noqa: ARG002 - a handler's signature
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

    def metrics(self, exchange: Exchange) -> Response:
        token = self._metrics_token
        _, _, given = exchange.headers.get("authorization", "").partition(" ")
        allowed = hmac.compare_digest(given.encode(), token.encode()) if token else _is_loopback(exchange.client)
        if not allowed:
            raise Refused("forbidden", "metrics_closed", "Metrics are for loopback, or for LICET_METRICS_TOKEN.")
        return Response(200, metrics.text(), metrics.CONTENT_TYPE)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
