"""Makes the counters of shards whose store lost them, from the tables, and says that they may be used again.

Until the mark is set, verify decides no limited call of the shard. Redis: timeout 5 s, no retry here; the drain comes
again, and begins anew.
"""

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from licensing.usage.books import last_entries
from licensing.usage.counters import levels, sums
from licensing.usage.counters.store import names_like, redis_now
from licensing.usage.stream import NONE_YET, Entry, EntryId, Stream, client, script
from verify.answer import EPOCH, rfc3339
from verify.limits import shards as names
from verify.limits.checks import SLACK_MS

BATCH = 1000
_LOCK = 0x11CE9  # advisory lock: one rebuild at a time
_scripts = Path(__file__).parent

Told = tuple[str, Any, int | None]  # key, value, when it goes (milliseconds)
Settle = Callable[[Stream, Sequence[Entry]], bool]

log = logging.getLogger("licet.drain")


def rebuild(lost: Sequence[Stream], settle: Settle) -> None:
    """Leaves them to another drain that is about it already. `settle` moves entries into the tables."""
    with _one_at_a_time() as mine:
        if not mine:
            return
        last = last_entries([stream.shard for stream in lost])
        lost = [stream for stream in lost if not _stands(stream, last)]
        tokens = {stream.shard: _begin(stream) for stream in lost}
        for stream in lost:
            _empty(stream, settle)
        if lost:
            _fill(lost)
        for stream in lost:
            _declare(stream, tokens[stream.shard], last.get(stream.shard, NONE_YET))


def _stands(stream: Stream, last: dict[int, EntryId]) -> bool:
    look = stream.look(last.get(stream.shard, NONE_YET))
    return look.ready and look.remembers


def _begin(stream: Stream) -> str:
    token = secrets.token_hex(16)
    keys = [names.ready_key(stream.shard), names.rebuilding_key(stream.shard)]
    script(_scripts / "begin.lua")(keys=keys, args=[token])
    return token


def _empty(stream: Stream, settle: Settle) -> None:
    """All that was counted before the mark went is in the tables afterwards, whoever had taken it."""
    newest = stream.newest()
    while stream.holds_up_to(newest):
        if not settle(stream, stream.read()):
            settle(stream, stream.take_over())


def _fill(lost: Sequence[Stream]) -> None:
    shards = sums.Shards(frozenset(stream.shard for stream in lost), settings.LICET_COUNTER_SHARDS)
    for stream in lost:
        _clear(stream.shard)
    now_us = redis_now()
    with sums.unhurried():
        asked = sums.current(now_us // 1000)
        counters = sums.by_rollups(asked, shards)
        rates = list(levels.levels(shards, EPOCH + timedelta(microseconds=now_us)))
    told: list[Told] = [(one, int(value), _goes_at(one, asked)) for one, value in counters.items()]
    told += [(one.key, one.kept, one.passed_at + 1) for one in rates]
    for first in range(0, len(told), BATCH):
        with client().pipeline(transaction=False) as pipeline:
            for name, value, goes_at in told[first : first + BATCH]:
                pipeline.set(name, value, pxat=goes_at)
            pipeline.execute()
    log.info("Counters of %d shards made anew: %d of quotas, %d of rate limits", len(lost), len(counters), len(rates))


def _goes_at(counter: str, asked: sums.Named) -> int | None:
    """As account.lua is told: some time after the window's end, in milliseconds; never if it has none."""
    end = asked.ends[sums.window_of(counter)]
    return None if end is None else end + SLACK_MS


def _clear(shard: int) -> None:
    """What an older store has may be too little, or too much."""
    for pattern in names.counter_patterns(shard):
        for some in names_like(pattern):
            client().unlink(*some)


def _declare(stream: Stream, token: str, before: EntryId) -> None:
    """`before`: the last entry in the tables when the loss was found."""
    last = last_entries([stream.shard]).get(stream.shard, NONE_YET)
    keys = [names.ready_key(stream.shard), names.rebuilding_key(stream.shard), names.drained_key(stream.shard)]
    if not script(_scripts / "declare_ready.lua")(keys=keys, args=[token, str(last), redis_now()]):
        log.warning("The store was emptied while shard %d was made anew; once more", stream.shard)
    elif before == NONE_YET:
        log.info("Shard %d begins", stream.shard)
    else:
        log.error(
            "The store had lost the counters of shard %d; they are those of the ledger again. Calls counted after %s "
            "that were not in the ledger are lost: how many is not known; %d ms of the log were still there",
            stream.shard,
            rfc3339(before.ms),
            max(0, last.ms - before.ms),
        )


@contextmanager
def _one_at_a_time() -> Iterator[bool]:
    """Held by the session. Gives whether it is ours."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine and connections["sweep"].is_usable():
            with connections["sweep"].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
