"""Compares every counter with the ledger, as of one moment on both sides and with calls going on: no difference.

A script reads counters together with Redis's time, by which each ledger entry is dated as well; the sums are made when
the drain has passed that moment. Redis: timeout 5 s, no retry; whoever audits does it again.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.db import connections

from licensing.usage.counters import sums
from licensing.usage.counters.store import names_like, redis_now
from licensing.usage.stream import EntryId, Stream, client, script
from verify.answer import EPOCH
from verify.limits import shards as names
from verify.limits.checks import SLACK_MS

FEW = 5000  # read in one step, a few milliseconds of Redis's time
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.1
AUDITED = """
    INSERT INTO drained (shard, audited_at, drifted) VALUES (%s, %s, %s)
    ON CONFLICT (shard) DO UPDATE SET audited_at = excluded.audited_at, drifted = excluded.drifted
"""
_scripts = Path(__file__).parent


class Drift(NamedTuple):
    counter: str
    holds: Decimal
    ledger: Decimal


class NotComparable(Exception):
    """The shard's counters are not ready, or the drain does not come up with its log."""


class Audit(NamedTuple):
    counters: int
    drifts: list[Drift]


def audit(shard: int, *, of: int, now: datetime, patience_seconds: float = PATIENCE_SECONDS) -> Audit:
    """Raises NotComparable. What it found is noted for /metrics. `of`: how many shards there are."""
    stream, shards = Stream(shard), sums.Shards(frozenset([shard]), of)
    if not client().exists(names.ready_key(shard)):
        message = f"the counters of shard {shard} are being made anew"
        raise NotComparable(message)
    there = {name.decode() for some in names_like(names.counter_patterns(shard)[0]) for name in some}
    with sums.unhurried():
        there |= set(sums.by_rollups(sums.current(redis_now() // 1000), shards))
    counters = sorted(there)
    drifts: list[Drift] = []
    for first in range(0, len(counters), FEW):
        drifts += _differing(counters[first : first + FEW], stream, shards, patience_seconds)
    with connections["sweep"].cursor() as cursor:
        cursor.execute(AUDITED, [shard, now, len(drifts)])
    return Audit(len(counters), drifts)


def _differing(counters: Sequence[str], stream: Stream, shards: sums.Shards, seconds: float) -> Iterator[Drift]:
    moment_us, *values = script(_scripts / "read.lua")(keys=counters)
    _await(stream, int(moment_us), seconds)
    named = sums.named(counters)
    ends = named.ends
    with sums.unhurried():
        until = EPOCH + timedelta(microseconds=int(moment_us))
        ledger = sums.by_ledger(named, shards, until)
    for counter, value in zip(counters, values, strict=True):
        holds, has = Decimal(value.decode()), ledger.get(counter, Decimal(0))
        if holds != has and _is_comparable(counter, ends, int(moment_us) // 1000):
            yield Drift(counter, holds, has)


def _is_comparable(counter: str, ends: Mapping[tuple[str, int], int | None], moment_ms: int) -> bool:
    """Not one that may have gone when it was read, nor one of a billing period that began otherwise than they do now,
    as its license got another anchor: it goes with its old end, and nobody asks for it.
    """
    window = sums.window_of(counter)
    if window not in ends:
        return False
    end = ends[window]
    return end is None or moment_ms < end + SLACK_MS


def _await(stream: Stream, moment_us: int, seconds: float) -> None:
    """Until all that was logged up to then is in the tables."""
    patience_ends = time.monotonic() + seconds
    while stream.holds_up_to(EntryId(moment_us // 1000, 2**63)):
        if time.monotonic() > patience_ends:
            message = f"shard {stream.shard} has a backlog that the drain does not work off; is it running?"
            raise NotComparable(message)
        time.sleep(LOOK_SECONDS)
