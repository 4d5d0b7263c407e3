"""One part of the system, as people are told of it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """In order of gravity. Unknown is not well: nobody can say what is behind it."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    BAD = "bad"


class Part(NamedTuple):
    """`says` is one sentence about what is seen, `advice` one about what to do, "" when nothing is."""

    name: str
    state: State
    says: str
    advice: str = ""


def worst(states: Iterable[State]) -> State:
    return max(states, key=list(State).index, default=State.UNKNOWN)


def unknown(name: str, why: str, advice: str = "") -> Part:
    return Part(name, State.UNKNOWN, why, advice)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 change`, `12,000 changes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def lasting(seconds: float) -> str:
    """`0.4 s`, `12 s`, `5 min`, `3 h`, `2 days`: as exact as somebody wants to know."""
    if seconds < 10:  # noqa: PLR2004 - below that tenths matter
        return f"{max(seconds, 0.0):.1f} s"
    for size, unit in ((86_400, " days"), (3600, " h"), (60, " min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f} s"
