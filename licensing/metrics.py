"""What /metrics of the control plane says of usage, of what waits to be told and of Celery, looked up when it is asked.

It works without the processes whose absence it must tell. PostgreSQL or Redis away: what they would say is left out.
"""

from collections.abc import Iterable

from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from licensing.models import BrokenEntry
from licensing.queries.status.books import seen_audits, seen_outbox
from licensing.queries.status.planes import seen_planes
from licensing.queries.status.queues import queue_lengths
from licensing.queries.usage_lag import usage_lag
from tenants import clock

USAGE = "licet_usage"


class SystemCollector(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering it asks nobody."""
        return []

    def collect(self) -> Iterable[Metric]:
        yield from _lag()
        yield from _books()
        yield from _planes()
        yield from _queues()


def _lag() -> Iterable[Metric]:
    lag = usage_lag()
    if lag is None:
        return
    waiting = GaugeMetricFamily(f"{USAGE}_waiting_calls", "Calls in the log, not in the ledger yet.", labels=["shard"])
    age = GaugeMetricFamily(f"{USAGE}_oldest_waiting_seconds", "Age of the oldest of them; 0: none.", labels=["shard"])
    for one in lag.shards:
        waiting.add_metric([str(one.shard)], one.waiting)
        seconds = (lag.now - one.oldest).total_seconds() if one.oldest else 0.0
        age.add_metric([str(one.shard)], max(0.0, seconds))
    yield from (waiting, age)


def _books() -> Iterable[Metric]:
    drift = GaugeMetricFamily(f"{USAGE}_drifted_counters", "Unlike the ledger at the last audit.", labels=["shard"])
    audited = GaugeMetricFamily(f"{USAGE}_audited_timestamp_seconds", "When that was.", labels=["shard"])
    broken = GaugeMetricFamily(f"{USAGE}_broken_entries", "Entries of the log that were put aside.")
    untold = GaugeMetricFamily("licet_outbox_waiting_entries", "Changes that Redis was not told of yet.")
    since = GaugeMetricFamily("licet_outbox_oldest_waiting_seconds", "Age of the oldest of them; 0: none.")
    try:
        for row in seen_audits():
            drift.add_metric([str(row.shard)], row.drifted)
            audited.add_metric([str(row.shard)], row.audited_at.timestamp())
        broken.add_metric([], BrokenEntry.objects.using("sweep").count())
        outbox = seen_outbox(clock.now())
    except DatabaseError:
        return
    untold.add_metric([], outbox.waiting)
    since.add_metric([], outbox.oldest_seconds)
    yield from (drift, audited, broken, untold, since)


def _planes() -> Iterable[Metric]:
    planes = seen_planes()
    if planes is None:
        return
    yield GaugeMetricFamily("licet_verify_nodes", "Verify processes that tell how they are.", len(planes.nodes))
    silences = (
        ("licet_relay_silent_seconds", "Since the relay's last heartbeat.", planes.facts.beat_seconds),
        ("licet_worker_silent_seconds", "Since worker and beat did their last round.", planes.round_seconds),
    )
    for name, said, seconds in silences:
        if seconds is not None:
            yield GaugeMetricFamily(name, said, seconds)


def _queues() -> Iterable[Metric]:
    lengths = queue_lengths()
    if lengths is None:
        return
    waiting = GaugeMetricFamily("licet_queue_waiting_tasks", "Tasks that no worker has taken.", labels=["queue"])
    for name, number in lengths.items():
        waiting.add_metric([name], number)
    yield waiting
