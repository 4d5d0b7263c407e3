"""The facts one verify process holds, bounded, oldest out first; what Redis does not have is remembered too."""

from collections.abc import Iterable
from typing import Any

from verify.facts import Fact, Versioned

MOST_FACTS = 500_000  # unless the settings say otherwise
MOST_MISSES = 20_000


class Held:
    """A fact as it was read. `stands` until it is forgotten here: from then on nobody would be told that it changed.

    `joined` is what was made of it and the facts it refers to (verify.service.facts.lookup).
    """

    __slots__ = ("fact", "joined", "revision", "stands")

    def __init__(self, versioned: Versioned) -> None:
        self.fact: Fact = versioned.fact
        self.revision = versioned.revision
        self.stands = False
        self.joined: Any = None


MISSING = Held(Versioned(0, 0, Fact()))  # Redis was asked and has no such fact


class Memory:
    """`current`: it is told what changes, so that what it holds stands."""

    def __init__(self, most_facts: int = MOST_FACTS, most_misses: int = MOST_MISSES, *, current: bool = True) -> None:
        self._current = current
        self._facts: dict[str, Held] = {}
        self._misses: dict[str, Held] = {}
        self._most_facts, self._most_misses = most_facts, most_misses

    def __len__(self) -> int:
        return len(self._facts)

    def find(self, key: str) -> Held | None:
        """MISSING if there surely is none, None if that is not known."""
        return self._facts.get(key) or self._misses.get(key)

    def keep(self, key: str, found: Held) -> None:
        self.forget(key)
        if found is MISSING:
            if len(self._misses) >= self._most_misses:
                del self._misses[next(iter(self._misses))]
            self._misses[key] = found
            return
        if len(self._facts) >= self._most_facts:
            self.forget(next(iter(self._facts)))
        found.stands = self._current
        self._facts[key] = found

    def facts(self) -> Iterable[tuple[str, Held]]:
        return self._facts.items()

    def take_over(self, other: "Memory") -> None:
        """All facts that the other holds, at once, beyond the bound if need be; it must not be used any more."""
        for _, held in other.facts():
            held.stands = self._current
        self._facts.update(other.facts())

    def forget(self, key: str) -> None:
        held = self._facts.pop(key, None)
        if held is not None:
            held.stands = False
        self._misses.pop(key, None)

    def clear(self) -> None:
        for held in self._facts.values():
            held.stands = False
        self._facts.clear()
        self._misses.clear()


class Remembered:
    """What is held now, and where that is nothing, what was held before."""

    def __init__(self, now: Memory, before: Memory) -> None:
        self._now, self._before = now, before

    def find(self, key: str) -> Held | None:
        return self._now.find(key) or self._before.find(key)
