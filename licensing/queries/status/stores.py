"""PostgreSQL and Redis themselves.

Timeouts: 1 s for each command of Redis (tenants.publishing.facts_store), the connection's own for PostgreSQL. No retry,
no metric: who looks sees that it does not answer, and looks again.
"""

import time
from typing import NamedTuple

import redis

from licensing.rules.status.stores import SeenRedis
from tenants.publishing.facts_store import client
from tenants.queries.health import Health, database_health


class SeenDatabase(NamedTuple):
    health: Health
    milliseconds: float


def seen_database() -> SeenDatabase:
    began = time.perf_counter()
    health = database_health()
    return SeenDatabase(health, 1000 * (time.perf_counter() - began))


def seen_redis() -> SeenRedis | None:
    """None if it does not answer."""
    try:
        began = time.perf_counter()
        client().ping()
        milliseconds = 1000 * (time.perf_counter() - began)
        told = client().info()
    except redis.RedisError:
        return None
    name, number = told.get("server_name", "redis"), told.get("valkey_version") or told["redis_version"]
    return SeenRedis(
        milliseconds=milliseconds,
        version=f"{name.capitalize()} {number}",
        used_bytes=told["used_memory"],
        limit_bytes=told.get("maxmemory", 0),
        policy=told.get("maxmemory_policy", "unknown"),
        appends=bool(told.get("aof_enabled")),
        last_write_ok=told.get("aof_last_write_status", "ok") == "ok",
    )
