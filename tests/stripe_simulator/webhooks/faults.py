"""A post that loses, repeats, mixes up and delays what it carries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


@dataclass
class DeliveryFaults:
    """Rates are parts of 1; each delivery is struck or not by the seed alone."""

    random: Random
    drop: float = 0.0
    """Never sent, not even again. The event can still be listed."""
    copies: int = 1
    """How often each is sent, whatever the answers."""
    window: int = 1
    """Deliveries that are due together are shuffled within so many."""
    delayed: float = 0.0
    delay_seconds: tuple[int, int] = (0, 0)
    """From and to: how late the delayed ones are, in virtual time."""
    forged: float = 0.0
    """Before each, perhaps the same once more, signed with what is no secret."""
    foreign: float = 0.0
    """Before each, perhaps the same once more, signed rightly, but of the other mode and another account."""
    struck: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        self.drop = self.delayed = self.forged = self.foreign = 0.0
        self.copies = self.window = 1

    def arrivals(self, now: int) -> list[int]:
        """When a new delivery is due, once for each copy; empty if it is lost."""
        if self.random.random() < self.drop:
            self.struck["dropped"] += 1
            return []
        if self.copies > 1:
            self.struck["repeated"] += self.copies - 1
        return [now + self._delay() for _ in range(self.copies)]

    def _delay(self) -> int:
        if self.random.random() >= self.delayed:
            return 0
        self.struck["delayed"] += 1
        return self.random.randint(*self.delay_seconds)

    def strikes(self, kind: str) -> bool:
        """`forged` or `foreign`, by its rate."""
        struck = self.random.random() < {"forged": self.forged, "foreign": self.foreign}[kind]
        self.struck[kind] += struck
        return struck

    def mixed(self, due: list[Item]) -> list[Item]:
        """Shuffled within the window."""
        if self.window < 2:
            return due
        self.struck["shuffled"] += len(due)
        order = []
        for start in range(0, len(due), self.window):
            part = due[start : start + self.window]
            self.random.shuffle(part)
            order += part
        return order
