"""What this process tells of itself, once a second: to Redis for the system's status, to its folder for /metrics.

Redis: nothing is waited for and nothing is retried; while it is away nothing is told, and the process falls silent
there. Folder: a full disk leaves old numbers in it, and no verdict waits for them. Neither has a metric of its own.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import time
from pathlib import Path
from typing import Any

from verify.ground import nodes
from verify.ground.nodes import Node
from verify.service import metrics
from verify.service.facts.store import FactStore
from verify.service.metrics import exposition
from verify.service.metrics.minute import LastMinute
from verify.service.spool.spool import Spool


class Bulletin:
    """`run` until cancelled, and while the store still runs: it takes back what it told, not to be taken for dead."""

    def __init__(self, store: FactStore, spool: Spool, folder: Path | None) -> None:
        self._store, self._spool, self._folder = store, spool, folder
        self._name = secrets.token_hex(4)
        self._host, self._started_at = socket.gethostname(), _now_ms()
        self._minute = LastMinute(time.monotonic())

    async def run(self) -> None:
        try:
            while True:
                self.tell()
                await asyncio.sleep(nodes.TELL_SECONDS)
        finally:
            self._send(b"")

    def tell(self) -> None:
        metrics.FACTS_HELD.set(self._store.facts_held)
        self._send(nodes.encode(self.node()))
        if self._folder is not None:
            with contextlib.suppress(OSError):
                exposition.leave(self._folder)

    def node(self) -> Node:
        minute, heartbeat = self._minute.look(time.monotonic()), self._store.heartbeat
        return Node(
            name=self._name,
            host=self._host,
            pid=os.getpid(),
            started_at=self._started_at,
            calls_per_second=minute.calls,
            p50_ms=minute.p50,
            p95_ms=minute.p95,
            p99_ms=minute.p99,
            warm=minute.warm,
            facts_held=self._store.facts_held,
            trusted=self._store.is_trusted(),
            links_lost=metrics.LINKS_LOST.value,
            propagation_ms=None if heartbeat.seconds is None else 1000 * heartbeat.seconds,
            heartbeat_seconds=heartbeat.age(time.monotonic()),
            refused_per_second=minute.refused,
            clock_skew_ms=1000 * self._store.skew.seconds,
            spooled=self._spool.held.records,
        )

    def _send(self, told: bytes) -> None:
        keys = (nodes.SEEN_KEY, nodes.TOLD_KEY)
        self._store.send(_ignored, "EVAL", nodes.SCRIPT, "2", *keys, self._name, told, str(nodes.REMEMBER_SECONDS))


def _ignored(reply: Any) -> None:
    """It is told anew in a second."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
