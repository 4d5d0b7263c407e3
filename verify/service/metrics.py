"""What the verify service counts; the workers of one node share a directory (PROMETHEUS_MULTIPROC_DIR)."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from verify.reasons import Reason

VERDICTS = Counter("licet_verify_verdicts", "Verdicts given, by code.", ["code"])
REFUSED = Counter("licet_verify_refused_requests", "Requests that got no verdict, by problem code.", ["code"])
FACT_READS = Counter("licet_verify_fact_reads", "Facts read from Redis; 0 per call when the key is warm.")
INVALIDATIONS = Counter("licet_verify_invalidations", "Facts that Redis said have changed.")
LINKS_LOST = Counter("licet_verify_redis_links_lost", "Times the tracked connection to Redis ended.")
BATCHES = Counter("licet_verify_batches", "Batches of calls sent to the counters.")
BATCHES_RESENT = Counter("licet_verify_batches_resent", "Batches sent again, as no reply had come.")
SPOOLED = Counter("licet_verify_spooled", "Verdicts kept on disk, as the counters could not be asked.")
REPLAYED = Counter("licet_verify_replayed", "Verdicts brought from disk into the log.")
# Workers of one machine share the folder and the clock: whoever looked last tells of all.
SPOOL_RECORDS = Gauge("licet_verify_spool_records", "Verdicts that wait on disk.", multiprocess_mode="mostrecent")
SPOOL_BYTES = Gauge("licet_verify_spool_bytes", "Bytes of the spool.", multiprocess_mode="mostrecent")
SPOOL_OLDEST_SECONDS = Gauge(
    "licet_verify_spool_oldest_seconds", "Age of the spool's oldest file; 0: none.", multiprocess_mode="mostrecent"
)
CLOCK_SKEW_SECONDS = Gauge(
    "licet_verify_clock_skew_seconds", "This node's clock less that of Redis.", multiprocess_mode="mostrecent"
)
SECONDS = Histogram(
    "licet_verify_seconds",
    "Seconds from a read request to its answer.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1),
)

CONTENT_TYPE = CONTENT_TYPE_LATEST

_verdicts = {reason: VERDICTS.labels(reason.value) for reason in Reason}


def count_verdict(reason: Reason) -> None:
    _verdicts[reason].inc()


def text() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    return generate_latest(registry)
