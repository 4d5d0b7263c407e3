"""What happened in the last minute, from what was counted a minute ago and now."""

from collections import deque
from typing import NamedTuple

from verify.service import metrics
from verify.service.metrics.counts import quantile

SECONDS = 60.0


class Counted(NamedTuple):
    """As of a moment by time.monotonic."""

    moment: float
    verdicts: int
    refused: int
    cold: int
    latencies: tuple[int, ...]


class Minute(NamedTuple):
    """Rates per second; quantiles in milliseconds and `warm` (a share) are None if nothing was asked."""

    calls: float
    refused: float
    p50: float | None
    p95: float | None
    p99: float | None
    warm: float | None


class LastMinute:
    """`look` once a second or so: it compares with what was counted a minute before, or at the start."""

    def __init__(self, moment: float) -> None:
        self._counted = deque([counted(moment)])

    def look(self, moment: float) -> Minute:
        now = counted(moment)
        while len(self._counted) > 1 and moment - self._counted[1].moment >= SECONDS:
            self._counted.popleft()
        self._counted.append(now)
        return between(self._counted[0], now)


def counted(moment: float) -> Counted:
    verdicts, refused = (sum(one.values.values()) for one in (metrics.VERDICTS, metrics.REFUSED))
    return Counted(moment, verdicts, refused, metrics.COLD.value, tuple(metrics.SECONDS.counts))


def between(before: Counted, now: Counted) -> Minute:
    seconds = max(now.moment - before.moment, 1e-6)
    verdicts = now.verdicts - before.verdicts
    latencies = [late - early for late, early in zip(now.latencies, before.latencies, strict=True)]

    def milliseconds(share: float) -> float | None:
        found = quantile(latencies, metrics.SECONDS.bounds, share)
        return None if found is None else 1000 * found

    return Minute(
        calls=verdicts / seconds,
        refused=(now.refused - before.refused) / seconds,
        p50=milliseconds(0.5),
        p95=milliseconds(0.95),
        p99=milliseconds(0.99),
        warm=max(0.0, 1 - (now.cold - before.cold) / verdicts) if verdicts else None,
    )
