"""How often all our processes together ask one Stripe account, and that one that is away is left alone for a while.

Redis: timeout 1 s, no retry. Open when Redis is away: then Stripe's own 429 is the limit, and it is honoured.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import redis
from prometheus_client import Counter

from tenants.publishing.facts_store import client

# Stripe allows 25 a second in test mode and 100 live, for everybody who asks: others want their part.
TEST_PER_SECOND, LIVE_PER_SECOND = 20, 60
LONGEST_WAIT_SECONDS = 5.0
LEFT_ALONE_SECONDS = (2, 5, 15, 30)
UNBUDGETED = Counter("licet_stripe_unbudgeted_calls", "Calls to Stripe made while Redis did not answer for the budget.")


def turn_seconds(name: str, *, live: bool) -> float | None:
    """How long to wait for one's turn; None if that takes too long."""
    interval = 1_000_000 // (LIVE_PER_SECOND if live else TEST_PER_SECOND)
    try:
        wait = _script()(keys=[f"stripe_budget:{name}"], args=[interval, int(LONGEST_WAIT_SECONDS * 1_000_000)])
    except redis.RedisError:
        UNBUDGETED.inc()
        return 0.0
    return None if wait < 0 else float(wait) / 1_000_000


def leave_alone(name: str) -> None:
    """After a failure: for longer each time, until one succeeds."""
    try:
        times = int(client().incr(f"stripe_failures:{name}"))
        client().expire(f"stripe_failures:{name}", 600)
        seconds = LEFT_ALONE_SECONDS[min(times, len(LEFT_ALONE_SECONDS)) - 1]
        client().set(f"stripe_away:{name}", 1, ex=seconds)
    except redis.RedisError:
        return


def is_left_alone(name: str) -> bool:
    try:
        return bool(client().exists(f"stripe_away:{name}"))
    except redis.RedisError:
        return False


def is_back(name: str) -> None:
    try:
        client().delete(f"stripe_failures:{name}", f"stripe_away:{name}")
    except redis.RedisError:
        return


@lru_cache
def _script() -> Any:
    return client().register_script((Path(__file__).parent / "budget.lua").read_text())
