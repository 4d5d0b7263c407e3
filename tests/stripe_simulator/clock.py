"""Virtual time: of an account, or of one of its test clocks."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from threading import RLock

MOST_STEPS = 1_000_000  # of one advance; more is a loop


class Clock:
    """Stands still until it is moved. What is due on the way happens at its own moment, in order."""

    def __init__(self, now: int, lock: RLock, wake: Callable[[str, int], None]) -> None:
        self.now = now
        self._lock = lock
        self._wake = wake
        self._agenda: list[tuple[int, int, str]] = []
        self._numbers = itertools.count()

    def plan(self, moment: int, object_id: str) -> None:
        """Wakes the object at that moment. It looks for itself what is due then; to be woken in vain does no harm."""
        heapq.heappush(self._agenda, (moment, next(self._numbers), object_id))

    def advance(self, seconds: int = 0, *, to: int | None = None) -> int:
        """Moves on by `seconds`, or to a moment; returns the time that it then is."""
        with self._lock:
            target = self.now + seconds if to is None else to
            for _ in range(MOST_STEPS):
                if not self._agenda or self._agenda[0][0] > target:
                    self.now = max(self.now, target)
                    return self.now
                moment, _number, object_id = heapq.heappop(self._agenda)
                self.now = max(self.now, moment)
                self._wake(object_id, self.now)
            message = f"{object_id} is woken again and again at {self.now}"
            raise AssertionError(message)
