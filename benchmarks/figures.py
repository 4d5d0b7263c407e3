"""The figures of a benchmark: each with its unit and, where there is one, its bar."""

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

K = TypeVar("K")


class Bar(NamedTuple):
    """What a figure is to reach: `at_least` or `at_most` that."""

    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        above = [] if self.at_least is None else [f"≥ {self.at_least:g}"]
        below = [] if self.at_most is None else [f"≤ {self.at_most:g}"]
        return ", ".join(above + below)


class Figure(NamedTuple):
    name: str
    value: float
    unit: str = ""
    bar: Bar | None = None

    def __str__(self) -> str:
        told = f"{self.name}: {self.shown}"
        return f"{told} (bar {self.verdict})" if self.bar else told

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        return f"{self.bar}: {'met' if self.bar.is_met(self.value) else 'missed'}"

    @property
    def shown(self) -> str:
        number = f"{self.value:,.0f}" if abs(self.value) >= 1000 else f"{self.value:,.3g}"  # noqa: PLR2004 - digits
        return f"{number} {self.unit}".rstrip()


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of each round's own ratio: what the machine did to one round, it did to both of it."""
    return statistics.median(one / other for one, other in zip(over, under, strict=True))


def alternating(rounds: int, *measures: Callable[[], K]) -> list[list[K]]:
    """What each measure gave, in rounds of all of them one after another: A, B, A, B …"""
    found: list[list[K]] = [[] for _ in measures]
    for _ in range(rounds):
        for kept, measure in zip(found, measures, strict=True):
            kept.append(measure())
    return found
