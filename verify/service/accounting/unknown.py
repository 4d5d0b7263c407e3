"""Counts keys that nobody knows, per environment and minute: added up here, told once a second."""

import itertools
from collections import Counter
from collections.abc import Iterator

from verify.ground.ids import new_uuid
from verify.limits.log_entry import Unknown, encode_unknown

TELL_SECONDS = 1.0
MINUTE_MS = 60_000


class UnknownKeys:
    """A process that is killed takes less than a second's counts with it; what a lost connection swallowed is told
    again, and the drain knows it by its id.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()
        self._untaken: dict[int, bytes] = {}
        self._names = itertools.count()
        self._due_at = 0.0

    def note(self, environment: str, now: int) -> None:
        self._counts[environment, now - now % MINUTE_MS] += 1

    def due(self, moment: float) -> Iterator[tuple[int, bytes]]:
        """Nothing before a second has passed; `moment` by any steady clock."""
        if moment < self._due_at:
            return
        self._due_at = moment + TELL_SECONDS
        counts, self._counts = self._counts, Counter()
        if counts:
            told = [Unknown(new_uuid().bytes, *where, times) for where, times in counts.items()]
            self._untaken[next(self._names)] = encode_unknown(told)
        yield from list(self._untaken.items())

    def taken(self, name: int) -> None:
        self._untaken.pop(name, None)
