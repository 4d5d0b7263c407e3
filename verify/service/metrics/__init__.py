"""What the verify service counts, by the names that /metrics tells (`_total` is added to counters)."""

from verify.service.metrics.counts import BATCH_SIZES, Counter, CounterByCode, Gauge, Histogram

VERDICTS = CounterByCode("licet_verify_verdicts", "Verdicts given, by code.")
REFUSED = CounterByCode("licet_verify_refused_requests", "Requests that got no verdict, by problem code.")
SECONDS = Histogram("licet_verify_seconds", "Seconds from a read request to its answer.")

COLD = Counter("licet_verify_cold_requests", "Requests that had to read a fact; the others found all they needed held.")
FACT_READS = Counter("licet_verify_fact_reads", "Facts read from Redis; 0 per call when the key is warm.")
INVALIDATIONS = Counter("licet_verify_invalidations", "Facts that Redis said have changed.")
FACTS_HELD = Gauge("licet_verify_facts_held", "Facts held in memory, of all processes of this node.")
LINKS_LOST = Counter("licet_verify_redis_links_lost", "Times the tracked connection to Redis ended.")
PROPAGATION = Histogram("licet_verify_propagation_seconds", "Seconds until news from the control plane is heard.")

BATCHES = Counter("licet_verify_batches", "Batches of calls sent to the counters.")
BATCHES_RESENT = Counter("licet_verify_batches_resent", "Batches sent again, as no reply had come.")
BATCH_CALLS = Histogram("licet_verify_batch_calls", "Calls in a batch.", BATCH_SIZES)
ROUND_TRIPS = Histogram("licet_verify_redis_seconds", "Seconds from a batch's sending to its reply.")

SPOOLED = Counter("licet_verify_spooled", "Verdicts kept on disk, as the counters could not be asked.")
REPLAYED = Counter("licet_verify_replayed", "Verdicts brought from disk into the log.")
SPOOL_RECORDS = Gauge("licet_verify_spool_records", "Verdicts that wait on disk.", shared=True)
SPOOL_BYTES = Gauge("licet_verify_spool_bytes", "Bytes of the spool.", shared=True)
SPOOL_OLDEST_SECONDS = Gauge("licet_verify_spool_oldest_seconds", "Age of the spool's oldest file.", shared=True)
CLOCK_SKEW_SECONDS = Gauge("licet_verify_clock_skew_seconds", "This node's clock less that of Redis.", shared=True)
