"""The facts one verify process holds, bounded, oldest out first; what Redis does not have is remembered too."""

from collections.abc import Iterable
from typing import Any

import msgspec

from verify.facts import TYPES, Fact

MOST_FACTS = 500_000  # unless the settings say otherwise
MOST_MISSES = 20_000


class Held(msgspec.Struct, eq=False, gc=False):
    """A fact as it was read. `stands` until it is forgotten here: from then on nobody would be told that it changed.

    `joined` is what was made of it and the facts it refers to (verify.service.facts.lookup). It may hold this one in
    turn, so it is there only while this one stands: Python's collector of cycles does not look at either.
    """

    fact: Fact
    revision: int
    stands: bool = False
    joined: Any = None

    def let_go(self) -> None:
        self.stands, self.joined = False, None


MISSING = Held(Fact(), 0)  # Redis was asked and has no such fact


class Memory:
    """`current`: it is told what changes, so that what it holds stands. A fact is found by its kind and name."""

    def __init__(self, most_facts: int = MOST_FACTS, most_misses: int = MOST_MISSES, *, current: bool = True) -> None:
        self._current = current
        self._facts: dict[str, dict[str, Held]] = {kind: {} for kind in TYPES}
        self._misses: dict[tuple[str, str], Held] = {}
        self._most_facts, self._most_misses = most_facts, most_misses

    def __len__(self) -> int:
        return sum(map(len, self._facts.values()))

    def find(self, kind: str, name: str) -> Held | None:
        """MISSING if there surely is none, None if that is not known."""
        return self._facts[kind].get(name) or self._misses.get((kind, name))

    def keep(self, kind: str, name: str, found: Held) -> None:
        self.forget(kind, name)
        if found is MISSING:
            if len(self._misses) >= self._most_misses:
                del self._misses[next(iter(self._misses))]
            self._misses[kind, name] = found
            return
        if len(self) >= self._most_facts:
            self._forget_one()
        found.stands = self._current
        self._facts[kind][name] = found

    def _forget_one(self) -> None:
        """The oldest of the kind that there is most of."""
        kind, most = max(self._facts.items(), key=lambda one: len(one[1]))
        self.forget(kind, next(iter(most)))

    def take_over(self, other: "Memory") -> None:
        """All facts that the other holds, at once, beyond the bound if need be; it must not be used any more."""
        for held in other.all():
            held.let_go()
            held.stands = self._current
        for kind, several in other._facts.items():  # noqa: SLF001 - another one of these
            self._facts[kind].update(several)

    def all(self) -> Iterable[Held]:
        for several in self._facts.values():
            yield from several.values()

    def forget(self, kind: str, name: str) -> None:
        """Whatever `kind` is: Redis tells of all that lies under the prefix of facts."""
        held = self._facts.get(kind, {}).pop(name, None)
        if held is not None:
            held.let_go()
        self._misses.pop((kind, name), None)

    def clear(self) -> None:
        for held in self.all():
            held.let_go()
        for several in self._facts.values():
            several.clear()
        self._misses.clear()


class Remembered:
    """What is held now, and where that is nothing, what was held before."""

    def __init__(self, now: Memory, before: Memory) -> None:
        self._now, self._before = now, before

    def find(self, kind: str, name: str) -> Held | None:
        return self._now.find(kind, name) or self._before.find(kind, name)
