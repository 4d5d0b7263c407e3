"""A verdict is told when it is on disk, and many at once share one write; otherwise it is not told."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.verify.service.spool.spooling import apart, record
from verify.service.spool.record import Spooled, decode
from verify.service.spool.segment import files, records
from verify.service.spool.spool import Spool, SpoolUnavailable

MANY = 10**9


async def keep(spool: Spool, several: list[Spooled]) -> list[BaseException | None]:
    told = await asyncio.gather(*(spool.keep(one) for one in several), return_exceptions=True)
    await spool.stop()
    return told


def kept(folder: Path) -> list[Spooled]:
    return [decode(one) for path in files(folder) for _, one in records(path.read_bytes())]


def test_calls_that_wait_together_share_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several, synced, really = [record() for _ in range(500)], list[int](), os.fsync

    def sync(descriptor: int) -> None:
        synced.append(descriptor)
        really(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    assert apart(keep(Spool(tmp_path / "spool", MANY), several)) == [None] * 500
    assert kept(tmp_path / "spool") == several
    assert len(synced) < 10


def test_without_a_folder_nothing_is_kept() -> None:
    (told,) = apart(keep(Spool(None, MANY), [record()]))
    assert isinstance(told, SpoolUnavailable)


def test_a_folder_that_cannot_be_written_keeps_nothing_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.touch()

    async def keep_twice() -> Spool:
        spool = Spool(folder, MANY)
        await spool.start()
        assert spool.state == "cannot be written"
        with pytest.raises(SpoolUnavailable):
            await spool.keep(record())
        folder.unlink()
        await spool.keep(record())
        await spool.stop()
        return spool

    assert apart(keep_twice()).state == "ok"
    assert len(kept(folder)) == 1


def test_a_disk_that_is_full_refuses_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(descriptor: int, data: bytes, place: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refused)
    told = apart(keep(Spool(tmp_path, MANY), [record() for _ in range(3)]))
    assert {type(one) for one in told} == {SpoolUnavailable}
    assert files(tmp_path) == []


def test_the_cap_is_for_the_folder_whoever_filled_it(tmp_path: Path) -> None:
    assert apart(keep(Spool(tmp_path, MANY), [record() for _ in range(100)])) == [None] * 100
    full = sum(path.stat().st_size for path in files(tmp_path))
    (told,) = apart(keep(Spool(tmp_path, full + 10), [record()]))
    assert isinstance(told, SpoolUnavailable)
    assert apart(keep(Spool(tmp_path, full + 10_000), [record()])) == [None]


def test_it_tells_how_much_waits_and_for_how_long(tmp_path: Path) -> None:
    async def look() -> Spool:
        spool = Spool(tmp_path, MANY)
        for number in range(1, 4):
            await spool.keep(record())
            assert (await spool.look()).records == number
        await spool.stop()
        await keep(other := Spool(tmp_path, MANY), [record()])
        assert other.is_there
        return spool

    spool = apart(look())
    assert 0 <= spool.oldest_seconds < 60
    assert spool.held.bytes > 300
