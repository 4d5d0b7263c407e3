"""A tenant with every kind of limit and quota, and a verify node of its own that counts in the test's shard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.running.clients import plain_client
from tests.running.nodes import verify_nodes

if TYPE_CHECKING:
    from tests.licensing.usage.feeding import Feed

QUOTAS = [
    {"meter": "requests", "limit": 1000, "period": period, "overage": "deny", "per": per}
    for per, periods in (
        ("license", ("hour", "day", "month", "billing_period", "lifetime")),
        ("customer", ("hour", "day", "month", "lifetime")),
    )
    for period in periods
]
RATE_LIMITS = [
    {"name": "slow", "limit": 30, "period_seconds": 3600, "burst": 20, "per": "license"},
    {"name": "each", "limit": 7, "period_seconds": 900, "per": "key"},
]


@dataclass
class Counted:
    """One license of that plan and its key."""

    feed: Feed
    client: httpx.Client
    license: str
    key: dict[str, Any]

    def verify(self, **asked: Any) -> dict[str, Any]:
        answer = self.client.post("/v1/verify", json={"key": self.key["secret"], **asked})
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()
        return verdict


@contextmanager
def counted(feed: Feed, folder: Path, environment: dict[str, str] | None = None, **terms: Any) -> Iterator[Counted]:
    place = feed.place
    product = place.api.get("/v1/products").json()["data"][0]["id"]
    terms = {"quotas": QUOTAS, "rate_limits": RATE_LIMITS} | terms
    plan = place.post("plans", {"product": product, "code": "counted", "name": "Counted", **terms})
    sold = place.post("licenses", {"customer": feed.customer, "plan": plan["id"]})["id"]
    key = place.post("keys", {"license": sold})
    environment = {"LICET_COUNTER_SHARDS": str(feed.total)} | (environment or {})
    with verify_nodes(1, folder, environment) as (node,):
        headers = {"Authorization": place.api.headers["Authorization"]}
        with plain_client(node.url, headers=headers) as client:
            yield Counted(feed, client, sold, key)
