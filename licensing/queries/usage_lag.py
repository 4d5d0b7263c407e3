"""How far usage was counted: what the log holds that is not in the ledger yet, asked of Redis at this moment.

Redis: timeout 1 s, no retry; away, nothing is known (None).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import redis
from django.conf import settings

from tenants.publishing.facts_store import client
from verify.answer import EPOCH
from verify.limits import shards


class ShardLag(NamedTuple):
    """`oldest` is when the first waiting entry was logged, by Redis's clock; None if none waits."""

    shard: int
    waiting: int
    oldest: datetime | None


class Lag(NamedTuple):
    """All usage logged before `counted_up_to` is in the ledger; `now` is Redis's."""

    now: datetime
    shards: list[ShardLag]

    @property
    def counted_up_to(self) -> datetime:
        return min((one.oldest for one in self.shards if one.oldest is not None), default=self.now)

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.shards)


def usage_lag() -> Lag | None:
    numbers = range(settings.LICET_COUNTER_SHARDS)
    try:
        with client().pipeline(transaction=False) as pipeline:
            pipeline.time()  # first: what is found empty later held nothing older
            for shard in numbers:
                pipeline.get(shards.backlog_key(shard))
                pipeline.xrange(shards.log_key(shard), count=1)
            (seconds, microseconds), *told = pipeline.execute()
    except redis.RedisError:
        return None
    found = []
    for shard in numbers:
        backlog, first = told[2 * shard : 2 * shard + 2]
        oldest = EPOCH + timedelta(milliseconds=int(first[0][0].split(b"-")[0])) if first else None
        found.append(ShardLag(shard, max(int(backlog or 0), len(first)), oldest))
    return Lag(EPOCH + timedelta(seconds=seconds, microseconds=microseconds), found)
