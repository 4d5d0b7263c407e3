"""Files of the spool: what was told is read back, whoever dies, and one process has a file at a time."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running.stack import CLONE
from verify.service.spool.segment import MAGIC, Segment, begun_at, count, files, records

RECORDS = [b"first", b"", b"x" * 5000, "last é".encode()]


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    made = Segment.begin(tmp_path)
    made.append(RECORDS[:2])
    made.append(RECORDS[2:])
    return made


def read(data: bytes) -> list[bytes]:
    return [record for _, record in records(data)]


def test_records_are_read_as_they_were_written(segment: Segment) -> None:
    assert read(segment.read()) == RECORDS
    assert count(segment.path, 0, 0) == (segment.size, 4)
    assert segment.path.stat().st_mode & 0o777 == 0o600
    assert abs(begun_at(segment.path) - time.time()) < 60
    segment.close()


def test_a_torn_tail_is_cut_and_nothing_before_it_is_lost(segment: Segment) -> None:
    data, places = segment.read(), [place for place, _ in records(segment.read())]
    ends = [*places[1:], len(data)]
    for length in range(len(data)):
        kept = read(data[:length])
        assert kept == RECORDS[: sum(end <= length for end in ends)]
    segment.close()


def test_a_record_that_is_not_what_was_written_ends_the_file(segment: Segment) -> None:
    data, dice = segment.read(), random.Random(1)
    for _ in range(300):
        place = dice.randrange(len(MAGIC), len(data))
        bent = bytearray(data)
        bent[place] ^= 1 << dice.randrange(8)
        kept = read(bytes(bent))
        assert kept == RECORDS[: len(kept)]
        assert len(kept) < 4
    segment.close()


def test_a_file_of_another_version_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(ValueError, match="LICETSP9"):
        read(b"LICETSP9" + b"whatever")


def test_a_write_that_fails_leaves_the_file_as_it_was(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refused)
        with pytest.raises(OSError, match="No space"):
            segment.append([b"never told"])
    assert read(segment.path.read_bytes()) == RECORDS
    segment.append([b"told"])
    assert read(segment.path.read_bytes()) == [*RECORDS, b"told"]
    segment.close()


def test_nobody_has_a_file_that_another_has(segment: Segment) -> None:
    assert Segment.adopt(segment.path) is None
    segment.close()
    adopted = Segment.adopt(segment.path)
    assert adopted
    assert Segment.adopt(segment.path) is None
    assert read(adopted.read()) == RECORDS
    adopted.remove()
    assert Segment.adopt(segment.path) is None
    assert files(segment.path.parent) == []


def test_a_file_that_was_replaced_before_it_was_locked_is_not_taken(
    segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment.close()
    opened = os.open

    def overtaken(path: Path, flags: int, *more: int) -> int:
        descriptor = opened(path, flags, *more)
        path.unlink()
        path.write_bytes(MAGIC)
        return descriptor

    monkeypatch.setattr(os, "open", overtaken)
    assert Segment.adopt(segment.path) is None


def test_a_file_that_is_being_begun_is_left_to_its_maker(tmp_path: Path) -> None:
    path = tmp_path / "0192aaaa-0000-7000-8000-000000000000.spool"
    path.touch()
    assert Segment.adopt(path) is None
    os.utime(path, (1, 1))
    adopted = Segment.adopt(path)
    assert adopted
    assert read(adopted.read()) == []
    adopted.close()


def test_a_killed_writers_file_can_be_had_at_once(tmp_path: Path) -> None:
    words = (
        "import os, pathlib, signal; from verify.service.spool.segment import Segment; "
        f"Segment.begin(pathlib.Path({str(tmp_path)!r})).append([b'told']); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", words], cwd=CLONE, check=False, timeout=60)
    (path,) = files(tmp_path)
    adopted = Segment.adopt(path)
    assert adopted
    assert read(adopted.read()) == [b"told"]
    adopted.close()
