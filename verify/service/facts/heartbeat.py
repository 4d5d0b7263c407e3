"""How long news takes to this process: the relay writes a heartbeat as it writes facts, and Redis tells of it alike.

It holds when it was written, by Redis's clock; this process asks Redis for it and for the time, in this order, as soon
as it is told. So the difference is by one clock, and not less than what any fact took that was written then.
"""

import time
from typing import Any

from verify import facts
from verify.service import metrics
from verify.service.redis_link import RedisLink


class Heartbeat:
    """`seconds`: what the last one took; None before the first."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._written_us: int | None = None
        self._heard_at: float | None = None

    def told(self, link: RedisLink) -> None:
        """Redis has said that there is a new one."""
        self._heard_at = time.monotonic()
        link.send(self._written, "GET", facts.HEARTBEAT_KEY)
        link.send(self._answered, "TIME")

    def age(self, moment: float) -> float | None:
        """Seconds since the last one was heard; `moment` by time.monotonic."""
        return None if self._heard_at is None else moment - self._heard_at

    def _written(self, reply: Any) -> None:
        """Lost links and errors of Redis are no numbers: the next one comes in a second."""
        self._written_us = int(reply) if isinstance(reply, bytes) and reply.isdigit() else None

    def _answered(self, reply: Any) -> None:
        written, self._written_us = self._written_us, None
        if written is not None and isinstance(reply, list):
            self.seconds = (int(reply[0]) * 1_000_000 + int(reply[1]) - written) / 1_000_000
            metrics.PROPAGATION.observe(self.seconds)
