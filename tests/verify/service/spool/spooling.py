"""Records as the verify service keeps them, and a loop apart to keep and replay them in."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from tests.verify.limits.counters import checks, logged_as, quota
from verify.ground.ids import new_uuid
from verify.limits import call as calls
from verify.limits.call import Mode
from verify.service.spool.record import Sent, Spooled

T = TypeVar("T")


def record(shard: int = 0, *, reason: str = "VALID", once: str = "", sent: Sent | None = None) -> Spooled:
    """A verdict on one call of the license that tests.verify.limits.counters has."""
    mode = Mode.RECORDED if reason == "VALID" else Mode.DENIED
    words = calls.call(mode, checks(quota(5)), shard, record=once, fingerprint="f" if once else "")
    return Spooled(shard, words, msgspec.structs.replace(logged_as(reason), id=new_uuid().bytes), sent)


def apart(work: Coroutine[Any, Any, T]) -> T:
    """A browser of other tests may keep an event loop in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work)).result()
