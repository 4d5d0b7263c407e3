"""Whether this process is alive and ready, and what it has counted."""

import hmac
import ipaddress
from pathlib import Path

from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable
from verify.service.http.exchange import Exchange, Refused, Response, json_response
from verify.service.metrics import exposition
from verify.service.spool.spool import Spool


class Health:
    """`metrics_folder`: see verify.service.metrics.exposition."""

    def __init__(self, store: FactStore, spool: Spool, metrics_token: str, metrics_folder: Path | None) -> None:
        self._store, self._spool = store, spool
        self._metrics_token, self._metrics_folder = metrics_token, metrics_folder

    def livez(self, exchange: Exchange) -> Response:  # noqa: ARG002 - a handler's signature
        return json_response({"status": "alive"})

    async def readyz(self, exchange: Exchange) -> Response:  # noqa: ARG002 - a handler's signature
        """503 until Redis is heard, its facts are whole and its clock agrees with ours. What waits on disk is told too;
        it makes nobody less ready.
        """
        try:
            state = await self._store.state()
        except StoreUnavailable:
            return self._told({"redis": "unreachable", "facts": "unknown"}, 503)
        except StoreNotReady:
            return self._told({"redis": "ok", "facts": "being rebuilt"}, 503)
        if not self._store.is_trusted():
            return self._told({"redis": "silent", "facts": "suspect"}, 503)
        seen = {"redis": "ok", "facts": "whole", "epoch": state.epoch}
        skew = self._store.skew
        if skew.is_too_large:
            told = f"{abs(skew.seconds):.1f} s {'ahead of' if skew.seconds > 0 else 'behind'} that of Redis"
            return self._told(seen | {"clock": told}, 503)
        return self._told(seen | {"clock": "ok"}, 200)

    def _told(self, seen: dict[str, object], status: int) -> Response:
        held, spool = self._spool.held, self._spool
        waiting = {"records": held.records, "bytes": held.bytes, "oldest_seconds": round(spool.oldest_seconds, 1)}
        kept = {"state": spool.state, **waiting}
        return json_response({"status": "ready" if status == 200 else "not ready", **seen, "spool": kept}, status)  # noqa: PLR2004 - the well-known number

    def metrics(self, exchange: Exchange) -> Response:
        """With a token set, loopback needs it too: behind a proxy on the same machine everybody comes from there."""
        token = self._metrics_token
        _, _, given = exchange.headers.get("authorization", "").partition(" ")
        allowed = hmac.compare_digest(given.encode(), token.encode()) if token else _is_loopback(exchange.client)
        if not allowed:
            raise Refused(
                "forbidden", "metrics_closed", "Metrics need LICET_METRICS_TOKEN, or loopback where none is set."
            )
        return Response(200, exposition.text(self._metrics_folder), exposition.CONTENT_TYPE)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
