"""One file of the spool: records with their length and checksum, locked by whoever writes or replays it.

Disk: no timeout (a hung disk hangs the thread that waits for it), no retry here; closed: what is not surely on disk
raises OSError, and the call gets 503.
"""

import fcntl
import os
import re
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self
from uuid import UUID

from verify.ground.ids import new_uuid

MAGIC = b"LICETSP1"
MOST_BYTES = 16 * 1024 * 1024  # then a new file is begun
BEGINS_SECONDS = 60.0  # a file without its first bytes is being made, or its maker died

_HEAD = struct.Struct(">II")
HEAD_BYTES = _HEAD.size
_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.spool")


class Segment:
    """A file that this process alone has: as `begin` made it, or as `adopt` found it."""

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self.path, self._descriptor, self.size = path, descriptor, size

    @classmethod
    def begin(cls, folder: Path) -> Self:
        """Raises OSError."""
        path = folder / f"{new_uuid()}.spool"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        made = cls(path, descriptor, 0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # somebody may be looking at it, and lets go at once
            made._write(MAGIC)
            _sync(folder)
        except OSError:
            with suppress(OSError):
                made.remove()
            raise
        return made

    @classmethod
    def adopt(cls, path: Path) -> Self | None:
        """None if somebody else has it, or had it to its end. Raises OSError."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            there, locked = path.stat(), os.fstat(descriptor)
        except (BlockingIOError, FileNotFoundError):
            os.close(descriptor)
            return None
        is_begun = locked.st_size >= len(MAGIC) or time.time() - locked.st_mtime > BEGINS_SECONDS
        if (there.st_dev, there.st_ino) != (locked.st_dev, locked.st_ino) or not is_begun:
            os.close(descriptor)
            return None
        return cls(path, descriptor, locked.st_size)

    @property
    def is_empty(self) -> bool:
        return self.size <= len(MAGIC)

    def append(self, records: Sequence[bytes]) -> None:
        """They are on disk when it returns. Raises OSError, and leaves the file as it was if the disk lets it."""
        self._write(b"".join(_HEAD.pack(len(one), zlib.crc32(one)) + one for one in records))

    def read(self) -> bytes:
        """Raises OSError."""
        return os.pread(self._descriptor, self.size, 0)

    def close(self) -> None:
        """Whoever wants to may have it then."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """It does not come back afterwards, even if the power fails. Raises OSError."""
        try:
            self.path.unlink()
            _sync(self.path.parent)
        finally:
            self.close()

    def _write(self, data: bytes) -> None:
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self.size + written)
            os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)


def records(data: bytes, place: int = len(MAGIC)) -> Iterator[tuple[int, bytes]]:
    """Of a file that has these bytes, each record from `place` on and where it begins; what follows a torn one nobody
    was told of. Raises ValueError if the file is of another version.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        message = f"it begins with {data[: len(MAGIC)]!r}"
        raise ValueError(message)
    while place + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, place)
        record = data[place + _HEAD.size : place + _HEAD.size + length]
        if len(record) < length or zlib.crc32(record) != checksum:
            return
        yield place, record
        place += _HEAD.size + length


def count(path: Path, place: int, known: int) -> tuple[int, int]:
    """Where the file's next record will begin, and how many it has: `known` before `place`. Raises OSError."""
    with path.open("rb") as file:
        file.seek(place := place or len(MAGIC))
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, _ = _HEAD.unpack(head)
            if len(file.read(length)) < length:
                break
            place, known = place + _HEAD.size + length, known + 1
    return place, known


def files(folder: Path) -> list[Path]:
    """The oldest first. Raises OSError."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def begun_at(path: Path) -> float:
    """Seconds since 1970, by the clock of whoever made the file."""
    return (UUID(path.stem).int >> 80) / 1000


def _sync(folder: Path) -> None:
    """A name is on disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
