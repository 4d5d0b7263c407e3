"""The facts one verify process holds, bounded, oldest out first; what Redis does not have is remembered too."""

from typing import TypeVar

from verify.facts import Versioned

T = TypeVar("T")

MOST_FACTS = 500_000
MOST_MISSES = 20_000


class Missing:
    """Redis was asked and has no such fact."""


MISSING = Missing()


class Memory:
    def __init__(self, most_facts: int = MOST_FACTS, most_misses: int = MOST_MISSES) -> None:
        self._facts: dict[str, Versioned] = {}
        self._misses: dict[str, Missing] = {}
        self._most_facts, self._most_misses = most_facts, most_misses

    def __len__(self) -> int:
        return len(self._facts)

    def find(self, key: str) -> Versioned | Missing | None:
        return self._facts.get(key) or self._misses.get(key)

    def keep(self, key: str, found: Versioned | Missing) -> None:
        self.forget(key)
        if isinstance(found, Versioned):
            _keep_bounded(self._facts, key, found, self._most_facts)
        else:
            _keep_bounded(self._misses, key, found, self._most_misses)

    def forget(self, key: str) -> None:
        self._facts.pop(key, None)
        self._misses.pop(key, None)

    def clear(self) -> None:
        self._facts.clear()
        self._misses.clear()


def _keep_bounded(held: dict[str, T], key: str, value: T, most: int) -> None:
    if len(held) >= most:
        del held[next(iter(held))]
    held[key] = value
