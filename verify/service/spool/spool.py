"""Keeps verdicts on disk before they are told; calls that wait at the same time share one write.

Disk: no timeout, no retry (the next call tries anew), closed: SpoolUnavailable → 503; metrics `licet_verify_spooled`,
`licet_verify_spool_records`, `_bytes`, `_oldest_seconds`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from verify.service import metrics
from verify.service.spool.record import Spooled, encode
from verify.service.spool.writer import Held, Writer

T = TypeVar("T")

log = logging.getLogger(__name__)


class SpoolUnavailable(Exception):
    """The record is not surely on disk."""


class Spool:
    """Without a folder it keeps nothing. All methods belong to one event loop; the disk has a thread of its own."""

    def __init__(self, folder: Path | None, most_bytes: int) -> None:
        self.trouble = "" if folder else "LICET_SPOOL_DIR is not set"
        self.held = Held()
        self._writer = Writer(folder, most_bytes) if folder else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._pending: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def state(self) -> str:
        """In a word or three, for anybody."""
        if self._writer is None:
            return "off"
        return "cannot be written" if self.trouble else "ok"

    @property
    def is_there(self) -> bool:
        return self._writer is not None

    async def start(self) -> None:
        """Says at once what an outage would be too late to say."""
        if self._writer is None:
            log.warning("%s: while Redis is away, `on_outage: allow` behaves as `deny`", self.trouble)
            return
        try:
            await self.in_thread(self._writer.prepare)
        except OSError as error:
            self._failed(error)

    async def stop(self) -> None:
        """What was begun is written."""
        if self._writing is not None:
            await self._writing
        await self.seal()
        self._thread.shutdown()

    async def keep(self, one: Spooled) -> None:
        """It is on disk when this returns. Raises SpoolUnavailable."""
        if self._writer is None:
            raise SpoolUnavailable(self.trouble)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((encode(one), written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(self._writer))
        await written

    async def seal(self) -> bool:
        """Whether there was an open file; nothing is added to it any more."""
        writer = self._writer
        if writer is None or not writer.has_open_file:
            return False
        await self.in_thread(writer.seal)
        return True

    async def look(self) -> Held:
        """What waits in the folder now, also of other processes."""
        if self._writer is not None and self._writer.folder.is_dir():
            try:
                self.held = await self.in_thread(self._writer.look)
            except OSError as error:
                self._failed(error)
        metrics.SPOOL_RECORDS.set(self.held.records)
        metrics.SPOOL_BYTES.set(self.held.bytes)
        metrics.SPOOL_OLDEST_SECONDS.set(self.oldest_seconds)
        return self.held

    @property
    def oldest_seconds(self) -> float:
        return 0.0 if self.held.oldest is None else max(0.0, time.time() - self.held.oldest)

    @property
    def folder(self) -> Path | None:
        return self._writer.folder if self._writer else None

    def in_thread(self, work: Callable[..., T], *given: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work, *given)

    async def _write(self, writer: Writer) -> None:
        try:
            while self._pending:
                some, self._pending = self._pending, []
                await self._write_together(writer, some)
        finally:
            self._writing = None

    async def _write_together(self, writer: Writer, some: list[tuple[bytes, asyncio.Future[None]]]) -> None:
        error: Exception | None = SpoolUnavailable("a bug")
        try:
            await self.in_thread(writer.append, [record for record, _ in some])
            self.trouble, error = "", None
            metrics.SPOOLED.inc(len(some))
        except OSError as failure:
            self._failed(failure)
            error = SpoolUnavailable(str(failure))
        finally:
            _settle(some, error)

    def _failed(self, error: OSError) -> None:
        told = f"{type(error).__name__}: {error}"
        if told != self.trouble:
            log.error("Verdicts cannot be kept on disk: %s", told)
        self.trouble = told


def _settle(some: list[tuple[bytes, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, written in some:
        if written.done():  # who waited has gone
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)
