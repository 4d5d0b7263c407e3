"""Drains at work in threads of the test's process, each with connections of its own, as processes would."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from tenants.publishing.ticking import keep_ticking


@contextmanager
def draining(*ticks: Callable[[], bool]) -> Iterator[threading.Event]:
    """Each ticks until the block ends. The event is set before only if one ended by a bug."""
    stop = threading.Event()

    def work(tick: Callable[[], bool]) -> None:
        try:
            keep_ticking("drain", tick, stop)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(tick,)) for tick in ticks]
    for worker in workers:
        worker.start()
    try:
        yield stop
    finally:
        stop.set()
        for worker in workers:
            worker.join()


class Cutting:
    """A drain's tick that loses its connection each time one statement later, until it came to its end once."""

    def __init__(self, tick: Callable[[], bool]) -> None:
        self.cuts = 0
        self._tick, self._statement, self._ended = tick, 0, False

    def __call__(self) -> bool:
        self._statement = 0
        with connections["sweep"].execute_wrapper(self._execute):
            busy = self._tick()
        self._ended = self._ended or busy
        return busy

    def _execute(self, execute: Callable[..., Any], *statement: Any) -> Any:
        answer = execute(*statement)
        self._statement += 1
        if not self._ended and self._statement > self.cuts:
            self.cuts += 1
            pid = connections["sweep"].connection.info.backend_pid
            with connections["owner"].cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return answer
