"""The names of counters in Redis. A shard's keys share a hash tag, so that one script may reach them all in a cluster.

All of a customer lies in one shard: quotas that its licenses share, their own limits, their log.
"""

import binascii
import hashlib

from verify.limits.checks import QuotaCheck, RateCheck


def shard_of(customer: str, shards: int) -> int:
    """CRC-16/XMODEM of the id, as Redis Cluster hashes keys."""
    return slot_of(customer) % shards


def slot_of(customer: str) -> int:
    """0 … 16383, whatever the number of shards."""
    return binascii.crc_hqx(customer.encode(), 0) % 16384


def log_key(shard: int) -> str:
    return f"log:{_tag(shard)}"


def ready_key(shard: int) -> str:
    """There while the shard's counters are those of the ledger."""
    return f"ready:{_tag(shard)}"


def rebuilding_key(shard: int) -> str:
    """There while the shard's counters are made anew."""
    return f"rebuilding:{_tag(shard)}"


def counter_patterns(shard: int) -> tuple[str, str]:
    """All that `quota_key` and `rate_key` name."""
    return f"used:{_tag(shard)}:*", f"rate:{_tag(shard)}:*"


def backlog_key(shard: int) -> str:
    """How many calls the log holds that are not in the ledger yet."""
    return f"backlog:{_tag(shard)}"


def drained_key(shard: int) -> str:
    """The last entry of the log that was acknowledged: a store that knows less than the ledger came back older."""
    return f"drained:{_tag(shard)}"


def batch_key(shard: int, batch: str) -> str:
    return f"batch:{_tag(shard)}:{batch}"


def rate_key(shard: int, check: RateCheck) -> str:
    return f"rate:{_tag(shard)}:{check.owner}:{check.limit.name}"


def quota_key(shard: int, check: QuotaCheck) -> str:
    return counter_key(shard, check.owner, check.quota.period, check.window.start, check.quota.meter)


def counter_key(shard: int, owner: str, period: str, start: int, meter: str) -> str:
    return f"used:{_tag(shard)}:{owner}:{period}:{start}:{meter}"


def record_key(shard: int, environment: str, key: str, idempotency_key: str) -> str:
    """Where an admission is remembered. Hashed: the client chooses the text, and it may be long."""
    name = hashlib.blake2b(f"{environment}\0{key}\0{idempotency_key}".encode(errors="replace"), digest_size=16)
    return f"once:{_tag(shard)}:{name.hexdigest()}"


def _tag(shard: int) -> str:
    return f"{{s{shard:02}}}"
