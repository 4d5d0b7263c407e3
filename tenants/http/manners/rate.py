"""How often a secret key may ask the management API: LICET_API_RATE_PER_SECOND, on all web processes together.

Asks Redis once per request: 0.1 s timeout, no retry. Open when Redis is away, since nothing is sold by this limit and
the API must work without Redis; after a failure Redis is left alone for a second.
"""

import math
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import redis
from django.conf import settings
from prometheus_client import Counter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

TIMEOUT_SECONDS = 0.1
LEFT_ALONE_SECONDS = 1.0
UNLIMITED = Counter("licet_api_unlimited_requests", "Requests let through because Redis did not answer for the limit.")
REFUSED = Counter("licet_api_rate_limited_requests", "Requests refused with 429.")
_ATTRIBUTE = "rate"


class Rate(NamedTuple):
    """`retry_after` is None for an admitted call; seconds."""

    limit: int
    remaining: int
    retry_after: float | None
    reset: float


class SecretKeyRate(BaseThrottle):
    """Asked by DRF after authentication; what it finds is told in every answer by `tell_rate`."""

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        self._rate = _take(request.user.actor.id)  # type: ignore[union-attr]  # DRF's user is our Caller
        setattr(request, _ATTRIBUTE, self._rate)
        admitted = self._rate is None or self._rate.retry_after is None
        if not admitted:
            REFUSED.inc()
        return admitted

    def wait(self) -> float | None:
        return self._rate.retry_after if self._rate else None


def tell_rate(request: Request, response: Response) -> None:
    """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10), Retry-After in whole seconds."""
    rate: Rate | None = getattr(request, _ATTRIBUTE, None)
    if rate is None:
        return
    response["RateLimit-Policy"] = f'"api";q={rate.limit};w=1'
    response["RateLimit"] = f'"api";r={rate.remaining};t={math.ceil(rate.reset)}'
    if rate.retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(rate.retry_after)))


_left_alone_until = 0.0


def _take(secret_key: str) -> Rate | None:
    """None when Redis does not say."""
    global _left_alone_until  # noqa: PLW0603 - what this process knows of Redis, and nothing else
    limit = settings.LICET_API_RATE_PER_SECOND
    if time.monotonic() < _left_alone_until:
        UNLIMITED.inc()
        return None
    try:
        admitted, left, wait, full = _script()(keys=[f"api_rate:{secret_key}"], args=[limit])
    except redis.RedisError:
        _left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        UNLIMITED.inc()
        return None
    return Rate(limit, left, None if admitted else wait / 1e6, full / 1e6)


@lru_cache
def _script() -> Any:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )
    return client.register_script((Path(__file__).parent / "rate.lua").read_text())
