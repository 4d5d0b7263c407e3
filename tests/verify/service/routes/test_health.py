"""What `/readyz` says, and that the document says the same."""

import json
from typing import Any

import pytest

from tests.docs.conformity import is_allowed
from tests.docs.documents import operations
from tests.verify.service.facts.test_lookup import apart
from verify.facts import StoreState
from verify.ground import ids
from verify.service.facts.clock import Skew
from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable
from verify.service.http.exchange import Exchange, Fields
from verify.service.routes.health import Health
from verify.service.spool.spool import Spool

(READYZ,) = (one for one in operations() if one.path == "/readyz" and one.plane == "verify")


class Store(FactStore):
    """As if Redis had answered so."""

    def __init__(self, told: StoreState | Exception, *, trusted: bool = True, skew: float = 0.0) -> None:
        super().__init__("redis://127.0.0.1:1")
        self._told, self._trusted, self.skew = told, trusted, Skew(skew, 0.0)

    async def state(self) -> StoreState:
        if isinstance(self._told, Exception):
            raise self._told
        return self._told

    def is_trusted(self) -> bool:
        return self._trusted


@pytest.mark.parametrize(
    ("store", "status", "seen"),
    [
        (Store(StoreState(3, 9)), 200, {"redis": "ok", "facts": "whole", "epoch": 3, "clock": "ok"}),
        (Store(StoreUnavailable()), 503, {"redis": "unreachable", "facts": "unknown"}),
        (Store(StoreNotReady()), 503, {"redis": "ok", "facts": "being rebuilt"}),
        (Store(StoreState(3, 9), trusted=False), 503, {"redis": "silent", "facts": "suspect"}),
        (Store(StoreState(3, 9), skew=-3), 503, {"facts": "whole", "epoch": 3, "clock": "3.0 s behind that of Redis"}),
    ],
)
def test_readiness_is_what_the_document_says_of_it(store: Store, status: int, seen: dict[str, Any]) -> None:
    health = Health(store, Spool(None, 1), "", None)
    exchange = Exchange("GET", "/readyz", "", Fields(), b"", "", 0.0, *ids.new_spelled("req"), ())
    answer = apart(health.readyz(exchange))
    told = json.loads(answer.body)
    shape = READYZ.told["responses"][str(status)]["content"]["application/json"]["schema"]
    assert answer.status == status
    assert told.items() >= seen.items()
    assert told.keys() <= shape["properties"].keys()
    assert is_allowed(READYZ, shape, told)
