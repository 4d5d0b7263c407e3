"""The drain: moves the usage log into the tables, shard by shard, and mends the counters of a store that forgot.

At least once and unique is exactly once: entries leave the log when they are in the tables, and `usage_seen` makes the
second time do nothing. Killed anywhere, it goes on where it was; several may run at once.
"""

import logging
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.conf import settings

from licensing.actions.peppering import use_current_pepper
from licensing.usage import partitions
from licensing.usage.books import Books, last_entries
from licensing.usage.counters import rebuild
from licensing.usage.opening import pieces
from licensing.usage.reading import Call
from licensing.usage.stream import NONE_YET, Entry, Stream
from tenants import clock
from verify.ground.failpoints import failpoint

MOST_PEPPERED = 200  # keys moved to the current pepper after a batch; the others are at their next use
ALARM_PERCENT = 50  # of LICET_LOG_CAP

log = logging.getLogger("licet.drain")


class Drain:
    """All shards, or some of them; `consumer` names it in Redis (licensing.usage.stream)."""

    def __init__(self, shards: Sequence[int] | None = None, *, consumer: str | None = None) -> None:
        shards = range(settings.LICET_COUNTER_SHARDS) if shards is None else shards
        self.streams = [Stream(shard, consumer) for shard in shards]
        self._books = Books()
        self._has_partitions_of: date | None = None
        self._alarmed: set[int] = set()

    def tick(self) -> bool:
        """One round; True when there may be more to do at once."""
        today = clock.now().date()
        if today != self._has_partitions_of:
            partitions.make_ahead(today)
            self._has_partitions_of = today
        self._mend()
        found = [self.settle(stream, stream.read()) for stream in self.streams]
        return any(found)

    def settle(self, stream: Stream, entries: Sequence[Entry]) -> bool:
        """Whether there were any."""
        failpoint("drain.after_read")
        try:
            for piece in pieces(entries):
                fresh = self._books.enter(stream.shard, piece, now=clock.now())
                failpoint("drain.after_commit")
                stream.acknowledge([(one.entry.id, one.calls) for one in piece])
                failpoint("drain.after_ack")
                _pepper(fresh)
        except BaseException:
            stream.failed()
            raise
        return bool(entries)

    def _mend(self) -> None:
        last = last_entries([stream.shard for stream in self.streams])
        lost = []
        for stream in self.streams:
            look = stream.look(last.get(stream.shard, NONE_YET))
            if not look.ready or not look.remembers:
                lost.append(stream)
            self._watch(stream.shard, look.backlog)
        if lost:
            rebuild.rebuild(lost, self.settle)

    def _watch(self, shard: int, backlog: int) -> None:
        cap = settings.LICET_LOG_CAP
        if 100 * backlog < ALARM_PERCENT * cap:
            self._alarmed.discard(shard)
        elif shard not in self._alarmed:
            self._alarmed.add(shard)
            log.error("%d calls of shard %d wait for the ledger; at %d verify takes no more", backlog, shard, cap)


def _pepper(calls: Sequence[Call]) -> None:
    """Keys that were found by an older pepper move on to the current one."""
    found = {call.key: call for call in calls if call.logged.digest is not None}
    for call in list(found.values())[:MOST_PEPPERED]:
        digest, version = call.logged.digest or "", call.logged.pepper_version
        organization = UUID(call.organization)
        use_current_pepper(
            UUID(call.key), organization_id=organization, digest=digest, pepper_version=version, now=clock.now()
        )
