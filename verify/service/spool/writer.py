"""Writes records to files of the spool's folder, and looks what waits there. Works in one thread, and blocks it."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from verify.service.spool.segment import MOST_BYTES, Segment, begun_at, count, files

LOOK_SECONDS = 1.0  # other processes write there too


class SpoolFull(OSError):
    """The folder holds as much as it may."""


class Held(NamedTuple):
    """What waits in the folder, whoever wrote it; `oldest` is when its first file was begun (seconds since 1970)."""

    records: int = 0
    bytes: int = 0
    oldest: float | None = None


class Writer:
    """`most_bytes` is for the whole folder."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self._most_bytes = folder, most_bytes
        self._segment: Segment | None = None
        self._bytes, self._looked_at = 0, float("-inf")
        self._counted: dict[Path, tuple[int, int]] = {}

    @property
    def has_open_file(self) -> bool:
        return self._segment is not None

    def prepare(self) -> None:
        """Makes the folder, and proves that it can be written. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._segment = self._segment or Segment.begin(self.folder)
        self.seal()

    def append(self, records: Sequence[bytes]) -> None:
        """They are on disk when it returns. Raises OSError."""
        self._refuse_beyond(sum(map(len, records)))
        if self._segment is None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._segment = Segment.begin(self.folder)
        before = self._segment.size
        try:
            self._segment.append(records)
        except OSError:
            self.seal()
            raise
        self._bytes += self._segment.size - before
        if self._segment.size >= MOST_BYTES:
            self.seal()

    def seal(self) -> None:
        """Nothing is added to the file that was written; whoever can lock it may have it."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        if segment.is_empty:
            with suppress(OSError):
                segment.remove()
        else:
            segment.close()

    def look(self) -> Held:
        """Raises OSError."""
        found, counted, size = files(self.folder), dict[Path, tuple[int, int]](), 0
        for path in found:
            with suppress(FileNotFoundError):  # somebody replayed it meanwhile
                size += _size(path)
                counted[path] = count(path, *self._counted.get(path, (0, 0)))
        self._counted, self._bytes, self._looked_at = counted, size, time.monotonic()
        total = sum(one for _, one in counted.values())
        return Held(total, size, begun_at(found[0]) if total else None)

    def _refuse_beyond(self, more: int) -> None:
        if time.monotonic() - self._looked_at > LOOK_SECONDS and self.folder.is_dir():
            self._bytes = sum(map(_size, files(self.folder)))
            self._looked_at = time.monotonic()
        if self._bytes + more > self._most_bytes:
            message = f"{self._bytes} bytes wait in {self.folder}; LICET_SPOOL_CAP is {self._most_bytes}"
            raise SpoolFull(message)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
