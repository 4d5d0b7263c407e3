"""Sends calls to their shard's counters in batches, and the same batch again when its reply was lost.

Redis: a call waits `ANSWER_SECONDS` for its answer, then AccountingUnavailable (503, or the environment's
`on_outage`: then it is the spool's, docs/decisions/outage.md); batches without a reply are sent again as soon as there
is a connection; metrics `licet_verify_batches`, `_batches_resent`.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import hiredis
import msgspec

from verify.ground import ids
from verify.limits import call as calls
from verify.limits.call import ANSWERED_MS, UNANSWERED_MS
from verify.limits.checks import Checks
from verify.limits.counted import Code, counted
from verify.limits.shards import batch_key, log_key, shard_of
from verify.service import metrics
from verify.service.accounting.calls import AccountingUnavailable, Batch, Call, CountersNotReady, LogFull
from verify.service.accounting.unknown import UnknownKeys
from verify.service.redis_link import LinkLost, RedisLink, open_link
from verify.service.spool.record import Sent

ANSWER_SECONDS = 1.0
EXPIRE_SECONDS = 0.05
STALLED_SECONDS = 0.4
FULL = 8  # calls: a batch of so many leaves at once, so that Redis counts while the next are read and decided
MOST_CALLS = 128  # in one run of the script, of those that waited for a connection
BACK_OFF_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5)
PASSING = ("LOADING", "BUSY", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOSCRIPT", "OOM", "MISCONF")

ASKED_ANEW_SECONDS = 600.0  # nobody having asked for so long, what failed before is another outage

log = logging.getLogger(__name__)
_NOT_READY = Code.NOT_READY
_decode = msgspec.msgpack.Decoder(tuple[int, list[list[Any]]] | None).decode


class Where(NamedTuple):
    """Calls of a shard that are counted against limits, or those that have none."""

    shard: int
    limited: bool


class Failing(NamedTuple):
    """Since when no such call was counted, and the last that was not; by time.monotonic."""

    since: float
    last: float


def where_counted(shard: int, checks: Checks) -> Where:
    return Where(shard, bool(checks.rates or checks.quotas))


class Accountant:
    """`run` keeps the connection; `count` and `unknown` may be used at any time."""

    def __init__(self, redis_url: str, shards: int, most_undrained: int) -> None:
        self.shards = shards
        self._url, self._most_undrained = redis_url, most_undrained
        self._waiting: defaultdict[int, list[Call]] = defaultdict(list)
        self._unanswered: dict[str, Batch] = {}
        self._link: RedisLink | None = None
        self._digest = b""
        self._ended = asyncio.Event()
        self._answered: dict[int, list[str]] = defaultdict(list)
        self._failing: dict[Where, Failing] = {}
        self._heard_at, self._connected_at = float("-inf"), float("inf")
        self.unknown = UnknownKeys()

    def shard_of(self, customer: str) -> int:
        return shard_of(customer, self.shards)

    def count(self, shard: int, call: Call) -> None:
        waiting = self._waiting[shard]
        if not waiting:
            asyncio.get_running_loop().call_soon(self._flush, shard)
        waiting.append(call)
        if len(waiting) >= FULL:
            self._flush(shard)

    def seconds_away(self, where: Where) -> float:
        """For how long no such call could be counted; 0 if the last one was."""
        failing = self._failing.get(where)
        return time.monotonic() - failing.since if failing else 0.0

    def seconds_unheard(self) -> float:
        """Since the last answer."""
        return time.monotonic() - self._heard_at

    def seconds_connected(self) -> float:
        """Since the last connection was made; below 0 if none ever was."""
        return time.monotonic() - self._connected_at

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as kept:
                kept.create_task(self._keep_connected())
                kept.create_task(self._keep_expiring())
        finally:
            self._drop()

    async def _keep_connected(self) -> None:
        failures = 0
        while True:
            try:
                await self._connect()
                failures = 0
                await self._watch()
            except (OSError, LinkLost, hiredis.HiredisError, TimeoutError) as error:
                if failures == 0:
                    log.warning("The counters cannot be reached: %s: %s", type(error).__name__, error)
                failures += 1
            self._drop()
            await asyncio.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])

    async def _keep_expiring(self) -> None:
        """However long there is no connection, what waits for one is what came in the last second."""
        while True:
            await asyncio.sleep(EXPIRE_SECONDS)
            oldest = time.monotonic() - ANSWER_SECONDS
            for shard, waiting in list(self._waiting.items()):
                self._give_up(shard, (one for one in waiting if one.asked_at < oldest))
                self._waiting[shard] = [one for one in waiting if not one.over]
            for batch in list(self._unanswered.values()):
                self._give_up(batch.shard, (one for one in batch.calls if not one.over and one.asked_at < oldest))

    def _give_up(self, shard: int, calls: Iterable[Call]) -> None:
        for one in calls:
            self._fail(shard, one, AccountingUnavailable("no answer", one.sent))

    async def _connect(self) -> None:
        link = await open_link(self._url, on_lost=self._ended.set)
        self._ended.clear()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._digest = await link.call("SCRIPT", "LOAD", calls.SCRIPT)
        except BaseException:
            link.close()
            raise
        self._link, self._connected_at = link, time.monotonic()
        for batch in list(self._unanswered.values()):
            if batch.is_awaited:
                metrics.BATCHES_RESENT.inc()
                self._send(batch)
            else:  # it may have run, and be remembered no more
                self._let_go(batch)
        for shard in list(self._waiting):
            self._flush(shard)

    async def _watch(self) -> None:
        """Until the connection ends, or a batch is left without a reply for too long: then it may be half open."""
        while not self._ended.is_set():
            oldest = next(iter(self._unanswered.values()), None)
            if oldest is not None and time.monotonic() - oldest.sent_at > STALLED_SECONDS:
                raise LinkLost
            self.tell_unknown()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STALLED_SECONDS / 4):
                    await self._ended.wait()

    def tell_unknown(self) -> None:
        """What was counted since the last time, if that was long enough ago, and what was not taken then."""
        link = self._link
        if link is None:
            return
        for name, told in self.unknown.due(time.monotonic()):

            def replied(reply: Any, name: int = name) -> None:
                if not isinstance(reply, Exception):
                    self.unknown.taken(name)

            link.send(replied, "XADD", log_key(0), "*", "unknown", told)

    def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _flush(self, shard: int) -> None:
        """Without a connection they wait for one."""
        if self._link is None:
            return
        waiting = [one for one in self._waiting.pop(shard, ()) if not one.over]
        for start in range(0, len(waiting), MOST_CALLS):
            several = waiting[start : start + MOST_CALLS]
            words = _array([one.words for one in several]), _array([one.logged for one in several])
            bridged = [place for place, one in enumerate(several) if one.is_bridged]
            batch = Batch(ids.new("batch"), shard, several, words, bool(bridged))
            for place in bridged:
                several[place].sent = Sent(batch_key(shard, batch.name), place, several[place].valid)
            self._unanswered[batch.name] = batch
            metrics.BATCHES.inc()
            metrics.BATCH_CALLS.observe(len(several))
            self._send(batch)

    def _send(self, batch: Batch) -> None:
        link = self._link
        if link is None:
            return
        batch.sent_at = time.monotonic()

        def replied(reply: Any) -> None:
            self._replied(batch, reply, link)

        keys = calls.keys(batch.shard, batch.name)
        limits = str(self._most_undrained), str(UNANSWERED_MS if batch.is_bridged else ANSWERED_MS)
        answered = self._answered.pop(batch.shard, ())
        link.send(replied, "EVALSHA", self._digest, "4", *keys, *batch.words, *limits, *answered)

    def _replied(self, batch: Batch, reply: Any, link: RedisLink) -> None:
        if isinstance(reply, LinkLost):
            if not batch.is_awaited:
                self._let_go(batch)
            return
        if isinstance(reply, Exception) and str(reply).startswith(PASSING):
            log.warning("The counters cannot be used now: %s", reply)
            link.close()  # and all that is unanswered is sent again
            return
        self._heard_at = time.monotonic()
        if self._unanswered.pop(batch.name, None) is None:
            return
        self._forget(batch)
        if isinstance(reply, Exception):
            log.error("The script of the counters failed: %s", reply)
            self._give_up(batch.shard, (one for one in batch.calls if not one.over))
            return
        metrics.ROUND_TRIPS.observe(time.monotonic() - batch.sent_at)
        told = _decode(reply)
        if told is None:
            for one in batch.calls:
                self._fail(batch.shard, one, LogFull())
            return
        now_us, outcomes = told
        for one, outcome in zip(batch.calls, outcomes, strict=True):
            if not one.over:
                self._tell(batch.shard, one, outcome, now_us)

    def _tell(self, shard: int, one: Call, outcome: list[Any], now_us: int) -> None:
        """Each call of a batch fails alone."""
        try:
            told = counted(outcome, one.checks, now_us)
        except (ValueError, TypeError, LookupError, msgspec.DecodeError):
            log.exception("An outcome of the counters cannot be read")
            self._fail(shard, one, AccountingUnavailable("an outcome that cannot be read", one.sent))
            return
        if told.code is not _NOT_READY:
            if self._failing:
                self._note_counted(shard, one)
        elif one.valid:
            self._fail(shard, one, CountersNotReady())
            return
        one.over = True
        try:
            one.counted(told)
        except Exception:  # who answers one caller must not end the connection that all calls share
            log.exception("A bug in what becomes of a counted call")

    def _let_go(self, batch: Batch) -> None:
        self._unanswered.pop(batch.name, None)
        self._forget(batch)

    def _forget(self, batch: Batch) -> None:
        """The next batch says that this one need not be remembered."""
        if batch.is_bridged and batch.may_be_forgotten:
            self._answered[batch.shard].append(batch_key(batch.shard, batch.name))

    def _fail(self, shard: int, one: Call, error: AccountingUnavailable) -> None:
        if one.over:
            return
        one.over = True
        where, now = where_counted(shard, one.checks), time.monotonic()
        before = self._failing.get(where)
        goes_on = before is not None and now - before.last < ASKED_ANEW_SECONDS
        self._failing[where] = Failing(before.since if before and goes_on else now, now)
        one.failed(error)

    def _note_counted(self, shard: int, one: Call) -> None:
        """Counters that are being made anew let pass what has no limits: that says nothing of what has."""
        where = where_counted(shard, one.checks)
        self._failing.pop(where, None)
        if where.limited:
            self._failing.pop(Where(shard, limited=False), None)


def _array(several: list[bytes]) -> bytes:
    """An array (msgpack) of up to 65,535 values that are encoded already."""
    return b"\xdc" + len(several).to_bytes(2) + b"".join(several)
