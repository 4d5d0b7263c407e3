"""Facts as one verify process knows them: from memory while it is surely told of changes, else from Redis.

What is held may be *trusted* only while this process has proof that it heard all news: every answer to TIME
proves that every invalidation up to the question's sending has been read. Older proof than `TRUST_SECONDS` makes
everything held *suspect*, whether the connection broke, stalled or this process was stopped for a while:
suspect facts are read through. A new connection starts with an empty memory, and all that is stored then was read after
it was made. What was held before is remembered for outages alone, until the connection has lasted `SETTLED_SECONDS`.

Redis: each read times out after `READ_SECONDS`, no retry, closed (StoreUnavailable → 503) unless the
environment's `on_outage` allows what is remembered; metrics `licet_verify_redis_links_lost`, `_fact_reads`.
"""

import asyncio
import logging
import time
from typing import Any, NoReturn

import hiredis
import msgspec

from verify import facts
from verify.facts import StoreState
from verify.ground.failpoints import number
from verify.service import metrics
from verify.service.facts import clock
from verify.service.facts.heartbeat import Heartbeat
from verify.service.facts.memory import MISSING, MOST_FACTS, Held, Memory, Remembered
from verify.service.redis_link import LinkLost, RedisLink, Reply, open_link

TRUST_SECONDS = 0.6
ASK_SECONDS = 0.15
READ_SECONDS = 1.0
JOIN_SECONDS = 0.1
SETTLED_SECONDS = 10.0
BACK_OFF_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5)

log = logging.getLogger(__name__)
_decode_state = msgspec.msgpack.Decoder(StoreState).decode


class StoreUnavailable(Exception):
    """Redis cannot be reached; nothing is known."""


class StoreNotReady(Exception):
    """Redis answers but its facts are not whole: emptied, or not yet rebuilt."""


class FactStore:
    def __init__(self, redis_url: str, most_facts: int = MOST_FACTS) -> None:
        self._url, self.most_facts = redis_url, most_facts
        self._memory, self._former = Memory(most_facts), Memory(most_facts, current=False)
        self._link: RedisLink | None = None
        self._reading: dict[tuple[str, str], tuple[float, asyncio.Future[Held | None]]] = {}
        self._proven_at = float("-inf")  # when the last question that was answered was sent
        self._former_at = float("-inf")  # the same, of what was held before
        self.skew = clock.Skew()
        self._ended = asyncio.Event()
        self.heartbeat = Heartbeat()
        self.connected = asyncio.Event()
        """There was a connection once."""

    async def run(self) -> None:
        """Keeps the connection; runs until cancelled."""
        failures = 0
        while True:
            try:
                await self._connect()
                failures = 0
                await self._keep_proving()
            except (OSError, LinkLost, hiredis.HiredisError, TimeoutError) as error:
                if failures == 0:
                    log.warning("Redis cannot be reached: %s: %s", type(error).__name__, error)
                failures += 1
            self._drop()
            metrics.LINKS_LOST.inc()
            await asyncio.sleep(BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)])

    def memory(self) -> Memory | None:
        """What is held, if it may be trusted now."""
        return self._memory if time.monotonic() - self._proven_at <= TRUST_SECONDS else None

    def remembered(self) -> Remembered:
        """What is held, suspect or not: for outages that the environment allows to bridge."""
        return Remembered(self._memory, self._former)

    def is_trusted(self) -> bool:
        return self.seconds_unproven() <= TRUST_SECONDS

    def seconds_unproven(self) -> float:
        """How long ago what is held was surely current.

        By the true clock: the event loop's stands still while a callback runs.
        """
        return time.monotonic() - self._proven_at

    def seconds_stale(self) -> float:
        """How long ago all that is remembered was surely current."""
        return time.monotonic() - (self._former_at if len(self._former) else self._proven_at)

    @property
    def facts_held(self) -> int:
        return len(self._memory)

    def send(self, reply: Reply, *words: str | bytes) -> None:
        """What is no fact, on the same connection; nothing is sent while there is none, and `reply` is not called."""
        if self._link is not None:
            self._link.send(reply, *words)

    async def state(self) -> StoreState:
        """Asks Redis itself. Raises StoreUnavailable, StoreNotReady."""
        if self._link is None:
            raise StoreUnavailable
        try:
            async with asyncio.timeout(READ_SECONDS):
                return _state(await self._link.call("GET", facts.STATE_KEY))
        except (LinkLost, TimeoutError, hiredis.HiredisError) as error:
            raise StoreUnavailable from error

    async def _connect(self) -> None:
        link = await open_link(self._url, self._ended.set, self._forget)
        self._ended.clear()
        self._remember_former()
        self._link, self._proven_at = link, time.monotonic()
        self.connected.set()

    def _remember_former(self) -> None:
        newer, self._memory = self._memory, Memory(self.most_facts)
        if not len(self._former):
            self._former_at = self._proven_at
        self._former.take_over(newer)

    async def _keep_proving(self) -> None:
        """Asks for the time until there is no answer for as long as trust lasts."""
        assert self._link is not None  # noqa: S101 - set by _connect
        connected_at = time.monotonic()
        while not self._ended.is_set():
            sent_at = time.monotonic()
            async with asyncio.timeout(TRUST_SECONDS):
                seconds, microseconds = await self._link.call("TIME")
            self._proven_at = sent_at
            self._compare_clocks(int(seconds) + int(microseconds) / 1e6, time.monotonic() - sent_at)
            if sent_at - connected_at > SETTLED_SECONDS:
                self._former.clear()
            await asyncio.sleep(ASK_SECONDS)
        raise LinkLost

    def _compare_clocks(self, told: float, took: float) -> None:
        self.skew = clock.skew(told, time.time() + number("verify.clock_ahead"), took)
        metrics.CLOCK_SKEW_SECONDS.set(self.skew.seconds)

    def _drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _forget(self, keys: list[str] | None) -> None:
        if keys is None:
            metrics.INVALIDATIONS.inc()
            self._memory.clear()
            self._former.clear()
            return
        if facts.HEARTBEAT_KEY in keys:
            keys.remove(facts.HEARTBEAT_KEY)
            if self._link is not None:
                self.heartbeat.told(self._link)
        metrics.INVALIDATIONS.inc(len(keys))
        for key in keys:
            kind, name = facts.kind_and_name(key)
            self._memory.forget(kind, name)
            self._former.forget(kind, name)

    async def fetch(self, kind: str, name: str) -> Held | None:
        """The fact from Redis, or None when a whole store surely has none. Raises StoreUnavailable, StoreNotReady.

        Who wants what is being read waits for the same answer, unless that was asked for too long ago to be news.
        """
        began, answer = self._reading.get((kind, name), (0.0, None))
        if answer is None or time.monotonic() - began > JOIN_SECONDS:
            answer = self._start_reading(kind, name)
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await asyncio.shield(answer)
        except TimeoutError as error:
            raise StoreUnavailable from error

    def _start_reading(self, kind: str, name: str) -> asyncio.Future[Held | None]:
        link = self._link
        if link is None:
            _unavailable()
        answer: asyncio.Future[Held | None] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to look
        self._reading[kind, name] = (time.monotonic(), answer)
        metrics.FACT_READS.inc()

        def replied(reply: Any) -> None:
            if self._reading.get((kind, name), (0.0, None))[1] is answer:
                del self._reading[kind, name]
            try:
                found = _interpret(kind, name, reply)
            except (StoreUnavailable, StoreNotReady) as error:
                answer.set_exception(error)
                return
            if self._link is link:
                self._memory.keep(kind, name, found or MISSING)
                self._former.forget(kind, name)
            answer.set_result(found)

        link.send(replied, "MGET", facts.redis_key(kind, name), facts.STATE_KEY)
        return answer


def _interpret(kind: str, name: str, reply: Any) -> Held | None:
    if isinstance(reply, Exception):
        raise StoreUnavailable from reply
    data, state = reply
    _state(state)
    if data is None:
        return None
    try:
        found = facts.decode(kind, data)
    except (msgspec.DecodeError, ValueError) as error:
        log.exception("A fact of kind %s cannot be read; `manage.py republish_all` repairs it", kind)
        raise StoreNotReady from error
    if found.fact is None:
        return None
    facts.share(found.fact, "id", name)
    return Held(found.fact, found.revision)


def _state(data: bytes | None) -> StoreState:
    if data is None:
        raise StoreNotReady
    try:
        return _decode_state(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise StoreNotReady from error


def _unavailable() -> NoReturn:
    raise StoreUnavailable
