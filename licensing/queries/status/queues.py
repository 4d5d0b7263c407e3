"""How many tasks wait for Celery's workers.

The broker is a Redis, and asked as one: timeout 1 s, no retry, no metric of its own; away, nothing is known (None).
"""

from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

from licensing.rules.status.work import QUEUES

COMMAND_SECONDS = 1.0


@lru_cache
def broker() -> Any:
    """Kombu spells a Redis behind a socket differently (config.settings)."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://").replace("?virtual_host=", "?db=")
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(url, socket_timeout=COMMAND_SECONDS, socket_connect_timeout=COMMAND_SECONDS, retry=once)


def queue_lengths() -> dict[str, int] | None:
    try:
        with broker().pipeline(transaction=False) as pipeline:
            for name in QUEUES:
                pipeline.llen(name)
            return dict(zip(QUEUES, pipeline.execute(), strict=True))
    except redis.RedisError:
        return None
