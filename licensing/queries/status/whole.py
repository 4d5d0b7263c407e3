"""Every part of the system, looked at and judged."""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from licensing.queries.status.books import seen_books
from licensing.queries.status.planes import seen_planes
from licensing.queries.status.queues import queue_lengths
from licensing.queries.status.stores import seen_database, seen_redis
from licensing.queries.usage_lag import usage_lag
from licensing.rules.status import books, facts, nodes, stores, work
from licensing.rules.status.books import SeenShard
from licensing.rules.status.nodes import JudgedNode
from licensing.rules.status.part import Part, State, worst


class Status(NamedTuple):
    """`nodes` is None when Redis does not say who there is."""

    parts: list[Part]
    nodes: list[JudgedNode] | None

    @property
    def state(self) -> State:
        return worst(part.state for part in self.parts)


def system_status(now: datetime) -> Status:
    """Source after source; Redis that does not answer once is not asked again, so this takes a few seconds at most."""
    database, redis = seen_database(), seen_redis()
    planes = seen_planes() if redis else None
    seen, queues = seen_books(now), queue_lengths()
    judged = None if planes is None else [nodes.judged(one) for one in planes.nodes]
    told, outbox = planes and planes.facts, seen and seen.outbox
    parts = [
        nodes.verify(judged),
        stores.redis(redis),
        stores.database(database.health.problem, database.health.current_user, database.milliseconds),
        facts.facts(told, outbox),
        facts.relay(told, outbox),
        books.drain(_shards() if redis else None, settings.LICET_LOG_CAP),
        books.counters(seen and seen.audits, now),
        books.usage_log(seen and seen.broken),
        books.partitions(seen and seen.days_ahead),
        work.work(queues, planes and planes.round_seconds, redis_answers=planes is not None),
    ]
    return Status(parts, judged)


def _shards() -> list[SeenShard] | None:
    lag = usage_lag()
    if lag is None:
        return None
    return [
        SeenShard(one.shard, one.waiting, (lag.now - one.oldest).total_seconds() if one.oldest else 0.0)
        for one in lag.shards
    ]
