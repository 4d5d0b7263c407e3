"""The way of usage into the ledger: what waits, what could not be read, whether counters agree, where rows will lie."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from licensing.rules.status.part import Part, State, counted, lasting, unknown

DRAIN, COUNTERS, LOG, PARTITIONS = "Drain", "Counters", "Usage log", "Partitions"
LATE_SECONDS, LOST_SECONDS = 10.0, 60.0
MUCH, TOO_MUCH = 0.5, 0.9  # of LICET_LOG_CAP
OLD_AUDIT_DAYS = 3
FEW_DAYS = 3  # ahead; the drain makes seven
RUNS = "See that manage.py drain runs, and read its log."


class SeenShard(NamedTuple):
    shard: int
    waiting: int
    oldest_seconds: float


class SeenAudit(NamedTuple):
    shard: int
    audited_at: datetime
    drifted: int


def drain(shards: Sequence[SeenShard] | None, cap: int) -> Part:
    """`cap`: LICET_LOG_CAP, for each shard."""
    if shards is None:
        return unknown(DRAIN, "Redis does not say what waits.")
    fullest, slowest = (max(shards, key=lambda one: one[number]) for number in (1, 2))
    waiting = sum(one.waiting for one in shards)
    where = f" (the oldest in shard {slowest.shard} of {len(shards)})" if len(shards) > 1 else ""
    says = f"{counted(waiting, 'call')} not in the ledger yet, for {lasting(slowest.oldest_seconds)}{where}."
    if fullest.waiting >= TOO_MUCH * cap:
        return Part(DRAIN, State.BAD, f"{says} At {cap:,} verify takes no more.", RUNS)
    if slowest.oldest_seconds > LOST_SECONDS:
        return Part(DRAIN, State.BAD, says, RUNS)
    if slowest.oldest_seconds > LATE_SECONDS or fullest.waiting >= MUCH * cap:
        return Part(DRAIN, State.WARN, says, "Wait a minute; if it grows, run a second drain.")
    return Part(DRAIN, State.OK, says if waiting else "Every call is in the ledger.")


def counters(audits: Sequence[SeenAudit] | None, now: datetime) -> Part:
    """By the last audit of each shard."""
    if audits is None:
        return unknown(COUNTERS, "The database does not say.")
    if not audits:
        return Part(COUNTERS, State.OK, "Not compared with the ledger yet; that is done once a day.")
    drifted, first = sum(one.drifted for one in audits), min(one.audited_at for one in audits)
    age = (now - first).total_seconds()
    if drifted:
        says = f"{counted(drifted, 'counter')} unlike the ledger at the last audit."
        return Part(COUNTERS, State.BAD, says, "Run manage.py audit_counters: it names each that still differs.")
    says = f"None was unlike the ledger {lasting(age)} ago."
    if age > OLD_AUDIT_DAYS * 86_400:
        return Part(COUNTERS, State.WARN, says, "It ought to be looked at daily: see that worker and beat run.")
    return Part(COUNTERS, State.OK, says)


def usage_log(broken: int | None) -> Part:
    if broken is None:
        return unknown(LOG, "The database does not say.")
    if broken:
        says = f"{counted(broken, 'entry', 'entries')} could not be read, and counted for nobody."
        return Part(LOG, State.WARN, says, "They are kept whole in the table broken_entries, each with the reason.")
    return Part(LOG, State.OK, "Every entry could be read.")


def partitions(days_ahead: int | None) -> Part:
    """`days_ahead`: for how many days after today decisions have a partition; below 0 not even for today."""
    if days_ahead is None:
        return unknown(PARTITIONS, "The database does not say.")
    if days_ahead < 0:
        says = "There is none for today's decisions: they lie in the one for all others."
        return Part(PARTITIONS, State.BAD, says, f"The drain makes them at its start. {RUNS}")
    says = f"Made for {counted(days_ahead, 'day')} ahead."
    if days_ahead < FEW_DAYS:
        return Part(PARTITIONS, State.WARN, says, RUNS)
    return Part(PARTITIONS, State.OK, says)
