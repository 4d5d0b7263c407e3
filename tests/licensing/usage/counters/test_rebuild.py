"""A store that forgot gets its counters back from the ledger, and decides no limited call before."""

import struct
import time
from pathlib import Path

from licensing.usage.counters import rebuild
from licensing.usage.stream import NONE_YET, client
from tests.licensing.usage.counted import Counted, counted
from tests.licensing.usage.feeding import Feed
from tests.running.whole import Whole
from tests.tenants.actions.chains import until
from verify.limits.shards import drained_key, log_key, ready_key

REBUILT_SECONDS = 30.0


def held(feed: Feed) -> dict[bytes, bytes]:
    """What the shard's counters are, by name."""
    return {name: client().get(name) for name in feed.counters()}


def forget(feed: Feed) -> None:
    names = list(client().scan_iter(f"*:{{s{feed.shard:02}}}*"))
    client().delete(*names)


def use(one: Counted) -> None:
    for amount in (1, 5, 3):
        assert one.verify(usage={"requests": amount})["code"] == "VALID"
    assert one.verify(usage={})["code"] == "VALID"
    assert one.verify(usage={"requests": 1000})["code"] == "QUOTA_EXCEEDED"


def test_every_counter_and_every_level_is_what_it_was(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        use(one)
        successor = feed.place.post(f"keys/{one.key['id']}/rotation", {"overlap_seconds": 3600})["secret"]
        until(lambda: one.verify(key=successor)["code"] == "VALID")
        feed.drain().tick()
        before = held(feed)
        assert len(before) == 11  # a successor has no counters of its own
        forget(feed)
        answer = one.client.post("/v1/verify", json={"key": one.key["secret"]})
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        feed.drain().tick()
        assert held(feed) == before
        assert one.verify()["code"] == "VALID"
        lives = {name: client().pttl(name) for name in held(feed)}
        assert {name for name, life in lives.items() if life < 0} == {n for n in lives if b":lifetime:" in n}


def test_what_the_log_still_holds_is_drained_before(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        use(one)
        before = held(feed)
        client().delete(ready_key(feed.shard), *before)
        feed.drain().tick()
        assert held(feed) == before


def test_a_store_that_came_back_older_than_the_ledger_is_not_trusted(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        use(one)
        feed.drain().tick()
        older, mark = held(feed), client().get(drained_key(feed.shard))
        use(one)
        feed.drain().tick()
        newer = held(feed)
        for name, value in older.items():  # as it was before the second round, which the ledger has
            client().set(name, value)
        client().set(drained_key(feed.shard), mark)
        one.verify()  # a call that came before the drain looked
        feed.drain().tick()
        one_more = held(feed)
        assert {name: one_more[name] for name in newer if b"rate:" not in name} == {
            name: str(int(value) + 1).encode() for name, value in newer.items() if b"rate:" not in name
        }


def test_a_shard_that_stands_is_left_alone(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        use(one)
        feed.drain().tick()
        altered = next(name for name in held(feed) if b"used:" in name)
        client().set(altered, 77)
        feed.drain().tick()
        assert client().get(altered) == b"77"


def test_a_store_that_is_emptied_while_it_is_filled_is_filled_again(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        use(one)
        drain = feed.drain()
        drain.tick()
        before = held(feed)
        forget(feed)
        token = rebuild._begin(drain.streams[0])
        forget(feed)
        rebuild._declare(drain.streams[0], token, NONE_YET)
        assert not client().exists(ready_key(feed.shard))
        drain.tick()
        assert held(feed) == before


def test_a_level_is_a_whole_number_of_microseconds_and_ticks(feed: Feed, tmp_path: Path) -> None:
    with counted(feed, tmp_path) as one:
        use(one)
        for name, value in held(feed).items():
            if name.startswith(b"rate:"):
                whole, ticks, mark = struct.unpack(">ddd", value)
                assert whole.is_integer()
                assert ticks.is_integer()
                assert mark.is_integer()


def test_a_whole_copy_goes_on_after_its_redis_lost_everything(tmp_path: Path) -> None:
    with Whole(tmp_path / "home") as whole:
        sample = whole.bootstrap["sample"]
        product = whole.api.get("/v1/products").json()["data"][0]["id"]
        quota = {"meter": "requests", "limit": 3, "period": "lifetime", "overage": "deny", "per": "license"}
        plan = whole.post("plans", {"product": product, "code": "few", "name": "Few", "quotas": [quota]})["id"]
        sold = whole.post("licenses", {"customer": sample["customer"], "plan": plan})["id"]
        secret = whole.post("keys", {"license": sold})["secret"]
        assert [whole.code(secret) for _ in range(2)] == ["VALID", "VALID"]
        patience_ends = time.monotonic() + REBUILT_SECONDS
        while whole.redis.xlen(log_key(0)):
            assert time.monotonic() < patience_ends
            time.sleep(0.02)
        whole.redis.flushall()
        codes = []
        while "VALID" not in codes:
            codes.append(whole.code(secret))
            assert time.monotonic() < patience_ends, codes
            time.sleep(0.02)
        assert set(codes) <= {"HTTP 503", "VALID"}
        assert whole.code(secret) == "QUOTA_EXCEEDED"
        whole.wait_for("had lost the counters of shard 0")
        assert whole.manage("audit_counters").endswith("0 differ.\n")
