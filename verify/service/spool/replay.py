"""Brings what the spool holds into the log and the counters, when Redis is heard again: each record exactly once.

Redis: `ANSWER_SECONDS` for each step; what fails is tried again from the file's beginning, `LOOK_SECONDS` later, under
the same names, which the script remembers. Metric `licet_verify_replayed`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hiredis
import msgspec

from verify.ground.failpoints import failpoint
from verify.limits import call as calls
from verify.limits.shards import batch_key
from verify.service import metrics
from verify.service.redis_link import LinkLost, RedisLink, open_link
from verify.service.spool.record import Spooled, decode
from verify.service.spool.segment import HEAD_BYTES, MAGIC, Segment, files, records
from verify.service.spool.settling import Settling
from verify.service.spool.spool import Spool

LOOK_SECONDS = 0.25
ANSWER_SECONDS = 5.0
MOST_CALLS = 128  # as the accountant sends
OF_THE_SCRIPT = ("ERR", "WRONGTYPE")  # errors that come again; whatever else Redis says is about itself, and passes

log = logging.getLogger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_is_taken = msgspec.msgpack.Decoder(tuple[int, list[list[Any]]] | None).decode


class NotNow(Exception):
    """The log is full, the counters are being made anew, or Redis takes nothing yet."""


class Unreadable(Exception):
    """The file is of another version or damaged, or the script cannot take what it says."""


class Batch(NamedTuple):
    """Records of one shard that follow each other in one file; `name` is the same whenever the file is read."""

    name: str
    shard: int
    records: list[Spooled]

    @property
    def key(self) -> str:
        return batch_key(self.shard, self.name)


def batches(file: str, found: list[tuple[int, Spooled]]) -> Iterator[Batch]:
    """`found`: each record with its place in the file."""
    open_: dict[int, Batch] = {}
    for place, record in found:
        batch = open_.setdefault(record.shard, Batch(f"spool:{file}:{place}", record.shard, []))
        batch.records.append(record)
        if len(batch.records) == MOST_CALLS:
            yield open_.pop(record.shard)
    yield from open_.values()


class Replayer:
    """`run` until cancelled. `is_heard`: whether Redis is there."""

    def __init__(self, redis_url: str, most_undrained: int, spool: Spool, is_heard: Callable[[], bool]) -> None:
        self._url, self._most_undrained = redis_url, most_undrained
        self._spool, self._is_heard = spool, is_heard
        self._told = ""

    async def run(self) -> None:
        while self._spool.folder is not None:
            await asyncio.sleep(LOOK_SECONDS)
            if (await self._spool.look()).bytes and self._is_heard():
                await self._replay_all(self._spool.folder)

    async def _replay_all(self, folder: Path) -> None:
        try:
            link = await open_link(self._url, on_lost=lambda: None)
        except (OSError, LinkLost, hiredis.HiredisError, TimeoutError):
            return  # the store says what is wrong with Redis
        try:
            digest = await _answer(link, "SCRIPT", "LOAD", calls.SCRIPT)
            await self._replay_closed(folder, link, digest)
            if await self._spool.seal():  # only now: a log that is full would make a new file of every look
                await self._replay_closed(folder, link, digest)
            self._told = ""
        except (NotNow, OSError, LinkLost, hiredis.HiredisError, TimeoutError) as error:
            self._tell(error)
        finally:
            link.close()

    def _tell(self, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        if told != self._told:
            log.warning("The spool cannot be replayed now: %s", told)
        self._told = told

    async def _replay_closed(self, folder: Path, link: RedisLink, digest: bytes) -> None:
        for path in await self._spool.in_thread(files, folder):
            segment = await self._spool.in_thread(Segment.adopt, path)
            if segment is None:
                continue
            try:
                names = await self._replay(segment, link, digest)
            except Unreadable as error:
                log.error("%s is put aside as .broken: %s", path, error)  # noqa: TRY400 - it says all
                try:
                    path.rename(path.with_suffix(".broken"))
                finally:
                    segment.close()
            except BaseException:
                segment.close()
                raise
            else:
                failpoint("replay.before_remove")
                await self._spool.in_thread(segment.remove)
                failpoint("replay.after_remove")
                await _forget(link, names)

    async def _replay(self, segment: Segment, link: RedisLink, digest: bytes) -> list[str]:
        """Gives the keys under which its batches are remembered."""
        settling, names = Settling(lambda *words: _answer(link, *words)), []
        found, ended_at = await self._spool.in_thread(_read, segment)
        for batch in batches(segment.path.stem, found):
            left = [one for record in batch.records if (one := await settling.settled(record)) is not None]
            failpoint("replay.before_batch")
            if left:
                await self._run(batch, left, link, digest)
                names.append(batch.key)
            failpoint("replay.after_batch")
        if ended_at < segment.size:
            message = f"what it says from byte {ended_at} on is no record; all before it was replayed"
            raise Unreadable(message)
        return names

    async def _run(self, batch: Batch, some: list[Spooled], link: RedisLink, digest: bytes) -> None:
        words, logged = _encode([one.words for one in some]), _encode([one.logged for one in some])
        limits = str(self._most_undrained), str(calls.REPLAYED_MS)
        try:
            keys = calls.keys(batch.shard, batch.name)
            reply = await _answer(link, "EVALSHA", digest, "4", *keys, words, logged, *limits)
        except hiredis.ReplyError as error:
            if str(error).startswith(OF_THE_SCRIPT):
                raise Unreadable(str(error)) from error
            raise NotNow(str(error)) from error
        if _is_taken(reply) is None:
            message = "the log is full, or the counters are being made anew"
            raise NotNow(message)
        metrics.REPLAYED.inc(len(some))


def _read(segment: Segment) -> tuple[list[tuple[int, Spooled]], int]:
    """Its records, and where they end: what is torn off by a loss of power nobody was told of, but a damage in the
    middle hides what many were. Raises Unreadable.
    """
    ended_at, found = len(MAGIC), []
    try:
        for place, record in records(segment.read()):
            found.append((place, decode(record)))
            ended_at = place + HEAD_BYTES + len(record)
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(str(error)) from error
    return found, ended_at


async def _answer(link: RedisLink, *words: str | bytes) -> Any:
    async with asyncio.timeout(ANSWER_SECONDS):
        return await link.call(*words)


async def _forget(link: RedisLink, names: list[str]) -> None:
    for name in names:
        await _answer(link, "PEXPIRE", name, str(calls.ANSWERED_MS))
