"""What was on disk is in the log and in the counters once, however often it is brought."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hiredis
import msgspec
import pytest
import redis

from tests.verify.limits.counters import MANY, Counters, checks, quota
from tests.verify.service.spool.spooling import apart, record
from verify.ground.ids import new
from verify.limits import call as calls
from verify.limits import shards
from verify.limits.call import Mode
from verify.limits.log_entry import verdicts
from verify.service.redis_link import RedisLink
from verify.service.spool import replay as replaying
from verify.service.spool.record import Sent, Spooled
from verify.service.spool.replay import Replayer
from verify.service.spool.segment import files, records
from verify.service.spool.spool import Spool

DATABASE = 8  # of the copy's store; nobody else's


@pytest.fixture
def counters() -> Iterator[Counters]:
    with redis.Redis.from_url(url().partition("?")[0], db=DATABASE) as store:
        assert store.dbsize() == 0
        yield Counters(store)
        store.flushdb()


def url() -> str:
    """What stands behind the copy's own names its database."""
    return f"{os.environ['REDIS_URL'].partition('?')[0]}?db={DATABASE}"


async def kept(folder: Path, several: list[Spooled]) -> None:
    spool = Spool(folder, MANY)
    await asyncio.gather(*(spool.keep(one) for one in several))
    await spool.stop()


async def replay(folder: Path, most_undrained: int = MANY, seconds: float = 20.0) -> bool:
    """Whether all is gone within so long."""
    spool = Spool(folder, MANY)
    running = asyncio.create_task(Replayer(url(), most_undrained, spool, lambda: True).run())
    for _ in range(int(seconds * 100)):
        await asyncio.sleep(0.01)
        if not files(folder):
            break
    await asyncio.sleep(0.05)  # the names are forgotten after the file
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await spool.stop()
    return not files(folder)


def used(counters: Counters) -> int:
    return int(counters.store.get(shards.quota_key(0, checks(quota(5)).quotas[0])))


def logged(counters: Counters) -> list[tuple[bytes, str, bool]]:
    entries = counters.store.xrange(shards.log_key(counters.shard))
    return [(one.logged.id, one.reason, one.repeat) for _, fields in entries for one in verdicts(fields)]


def test_every_record_is_in_the_log_and_charged_whatever_the_limits(counters: Counters, tmp_path: Path) -> None:
    several = [record(reason="VALID" if number % 3 else "SCOPE_MISSING") for number in range(300)]
    apart(kept(tmp_path, several))
    assert apart(replay(tmp_path))
    assert {(one.logged.id, one.logged.reason, False) for one in several} == set(logged(counters))
    assert used(counters) == 200
    lives = [counters.store.pttl(key) for key in counters.store.keys("batch:*spool*")]
    assert [life <= 60_000 for life in lives] == [True] * 3


def test_a_file_that_comes_again_changes_nothing(counters: Counters, tmp_path: Path) -> None:
    apart(kept(tmp_path / "spool", [record() for _ in range(300)]))
    (path,) = files(tmp_path / "spool")
    shutil.copy(path, tmp_path / "copy")
    for _ in range(3):
        assert apart(replay(tmp_path / "spool"))
        shutil.copy(tmp_path / "copy", path)
    assert used(counters) == 300
    assert len(logged(counters)) == 300


def test_repeats_of_one_call_are_charged_once(counters: Counters, tmp_path: Path) -> None:
    once = "once:{s00}:x"
    apart(kept(tmp_path, [record(once=once) for _ in range(3)]))
    assert apart(replay(tmp_path))
    assert sorted(repeat for *_, repeat in logged(counters)) == [False, True, True]
    assert used(counters) == 1


def test_records_of_several_shards_go_where_they_belong(counters: Counters, tmp_path: Path) -> None:
    for shard in range(3):
        counters.store.set(shards.ready_key(shard), "1")
    apart(kept(tmp_path, [record(number % 3) for number in range(400)]))
    assert apart(replay(tmp_path))
    told = [int(counters.store.get(shards.backlog_key(shard))) for shard in range(3)]
    assert told == [134, 133, 133]


@pytest.mark.parametrize("trouble", ["the log is full", "the counters are being made anew"])
def test_what_cannot_be_taken_now_waits(counters: Counters, tmp_path: Path, trouble: str) -> None:
    apart(kept(tmp_path, [record()]))
    if trouble == "the log is full":
        assert not apart(replay(tmp_path, most_undrained=0, seconds=0.8))
    else:
        counters.store.delete(shards.ready_key(0))
        assert not apart(replay(tmp_path, seconds=0.8))
    assert logged(counters) == []
    counters.store.set(shards.ready_key(0), "1")
    assert apart(replay(tmp_path))
    assert used(counters) == 1


def test_what_nobody_can_read_is_put_aside_and_holds_up_nothing(counters: Counters, tmp_path: Path) -> None:
    strange = tmp_path / "00000000-0000-7000-8000-000000000000.spool"
    strange.write_bytes(b"LICETSP9whatever")
    apart(kept(tmp_path, [msgspec.structs.replace(record(), words=["no", "call"])]))
    apart(kept(tmp_path, [record()]))
    assert apart(replay(tmp_path))
    assert len(list(tmp_path.glob("*.broken"))) == 2
    assert used(counters) == 1


def test_a_call_that_was_counted_after_all_is_counted_once(counters: Counters, tmp_path: Path) -> None:
    counters.remember_ms = calls.UNANSWERED_MS
    batch, words = new("batch"), calls.call(Mode.ENFORCED, checks(quota(5)), 0)
    counters.run(0, [words] * 7, batch)  # five are admitted, two refused
    key = shards.batch_key(0, batch)
    apart(kept(tmp_path, [record(sent=Sent(key, place, valid=True)) for place in range(7)]))
    assert apart(replay(tmp_path))
    assert used(counters) == 7  # whose answers said so
    entries = [one for _, fields in counters.store.xrange(shards.log_key(0)) for one in verdicts(fields)]
    assert sum(one.admitted for one in entries) == 7
    assert sum(one.logged.overrules for one in entries) == 2


def test_a_batch_that_comes_after_its_call_was_replayed_does_nothing(counters: Counters, tmp_path: Path) -> None:
    batch, words = new("batch"), calls.call(Mode.ENFORCED, checks(quota(5)), 0)
    apart(kept(tmp_path, [record(sent=Sent(shards.batch_key(0, batch), 0, valid=True))]))
    assert apart(replay(tmp_path))
    assert counters.run(0, [words], batch) is None
    assert used(counters) == 1


def test_damage_in_the_middle_is_told_and_kept_and_what_is_before_it_replayed(
    counters: Counters, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    apart(kept(tmp_path, [record() for _ in range(5)]))
    (path,) = files(tmp_path)
    data = bytearray(path.read_bytes())
    third = [place for place, _ in records(bytes(data))][2]
    data[third + 20] ^= 1
    path.write_bytes(data)
    assert apart(replay(tmp_path))
    assert used(counters) == 2
    assert path.with_suffix(".broken").read_bytes() == bytes(data)
    assert f"from byte {third} on is no record" in caplog.text


def test_what_redis_says_of_itself_passes(counters: Counters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart(kept(tmp_path, [record()]))
    answer = replaying._answer

    async def refuses(link: RedisLink, *words: str | bytes) -> Any:
        if words[0] == "EVALSHA":
            message = "NOREPLICAS Not enough good replicas to write."
            raise hiredis.ReplyError(message)
        return await answer(link, *words)

    with monkeypatch.context() as patched:
        patched.setattr(replaying, "_answer", refuses)
        assert not apart(replay(tmp_path, seconds=0.8))
    assert apart(replay(tmp_path))
    assert used(counters) == 1
