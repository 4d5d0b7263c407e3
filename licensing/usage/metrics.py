"""What /metrics of the control plane says of the usage log, looked up when it is asked.

It works without the drain, whose absence it must tell. PostgreSQL or Redis away: what they would say is left out.
"""

from collections.abc import Iterable

from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from licensing.models import BrokenEntry, Drained
from licensing.queries.usage_lag import usage_lag

PREFIX = "licet_usage"


class UsageCollector(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering it asks nobody."""
        return []

    def collect(self) -> Iterable[Metric]:
        yield from _lag()
        yield from _books()


def _lag() -> Iterable[Metric]:
    lag = usage_lag()
    if lag is None:
        return
    waiting = GaugeMetricFamily(f"{PREFIX}_waiting_calls", "Calls in the log, not in the ledger yet.", labels=["shard"])
    age = GaugeMetricFamily(f"{PREFIX}_oldest_waiting_seconds", "Age of the oldest of them; 0: none.", labels=["shard"])
    for one in lag.shards:
        waiting.add_metric([str(one.shard)], one.waiting)
        seconds = (lag.now - one.oldest).total_seconds() if one.oldest else 0.0
        age.add_metric([str(one.shard)], max(0.0, seconds))
    yield from (waiting, age)


def _books() -> Iterable[Metric]:
    drift = GaugeMetricFamily(f"{PREFIX}_drifted_counters", "Unlike the ledger at the last audit.", labels=["shard"])
    audited = GaugeMetricFamily(f"{PREFIX}_audited_timestamp_seconds", "When that was.", labels=["shard"])
    broken = GaugeMetricFamily(f"{PREFIX}_broken_entries", "Entries of the log that were put aside.")
    try:
        for row in Drained.objects.using("sweep").filter(audited_at__isnull=False):
            drift.add_metric([str(row.shard)], row.drifted)
            audited.add_metric([str(row.shard)], row.audited_at.timestamp() if row.audited_at else 0)
        broken.add_metric([], BrokenEntry.objects.using("sweep").count())
    except DatabaseError:
        return
    yield from (drift, audited, broken)
