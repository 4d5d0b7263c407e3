"""Entries as they come from the log, opened once and cut into pieces that are written at once."""

from collections.abc import Sequence
from typing import NamedTuple

from licensing.usage import reading
from licensing.usage.stream import Entry

MOST_CALLS = 20_000  # in one piece, unless one entry has more


class Opened(NamedTuple):
    """An entry, what it says or why it cannot be read, and how many calls the script counted when it wrote it."""

    entry: Entry
    told: reading.Told | str
    calls: int


Piece = list[Opened]


def pieces(entries: Sequence[Entry]) -> list[Piece]:
    found: list[Piece] = []
    room = 0
    for entry in entries:
        one = Opened(entry, reading.opened(entry.fields), reading.calls_of(entry.fields))
        calls = max(1, one.calls)
        if calls > room:
            found.append([])
            room = MOST_CALLS
        found[-1].append(one)
        room -= calls
    return found
