"""The script that decides and records in one step: on one Redis, and on three primaries of a cluster."""

import os
import random
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import redis

from tests.running.cluster import Cluster
from tests.running.prove import Figure
from tests.verify.limits.counters import MANY, NOW, Counters, checks, quota, rate
from verify.ground.ids import new
from verify.limits import call as calls
from verify.limits import gcra, shards
from verify.limits.call import Mode
from verify.limits.counted import Code, counted

REAL_LIFE = "math.ceil((tat[1] - now) / 1000) + 1"
REAL_TIME = "local time = redis.call('TIME')"
OUR_TIME = "local us = table.remove(ARGV) local time = {table.remove(ARGV), us}"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(params=["one Redis", "a cluster"])
def counters(request: pytest.FixtureRequest) -> Iterator[Counters]:
    """Nobody else's: another database of the copy's store, or a cluster with 64 shards."""
    if request.param == "a cluster":
        client = request.getfixturevalue("cluster").client()
        client.flushall(target_nodes="primaries")
        yield Counters(client, 64)
        client.close()
        return
    url = os.environ["REDIS_URL"].partition("?")[0]  # what stands behind it names the copy's own database
    with redis.Redis.from_url(url, db=9) as store:
        assert store.dbsize() == 0
        yield Counters(store)
        store.flushdb()


def test_a_quota_is_used_up_and_then_refused_and_all_is_logged(counters: Counters) -> None:
    day = checks(quota(3))
    told = [counters.count(day) for _ in range(5)]
    assert [one.code for one in told] == [Code.ADMITTED] * 3 + [Code.EXCEEDED] * 2
    assert [one.quotas[0].used for one in told] == [1, 2, 3, 3, 3]
    assert counters.logged() == 5


def test_whatever_refuses_nothing_is_charged(counters: Counters) -> None:
    limits = (rate(2, 3600), quota(10), quota(5, "hour"), quota(1, meter="tokens"))
    meters = {"requests": "sum", "tokens": "sum"}
    both = checks(*limits, usage={"requests": 1, "tokens": 1}, meters=meters)
    assert counters.count(both).code is Code.ADMITTED
    over = counters.count(both)
    assert (over.code, [state.refuses for state in over.quotas]) == (Code.EXCEEDED, [False, False, True])
    rest = counters.count(checks(*limits, meters=meters))
    assert (rest.code, [state.used for state in rest.quotas]) == (Code.ADMITTED, [2, 2, 1])
    limited = counters.count(checks(*limits, meters=meters))
    assert (limited.code, [state.used for state in limited.quotas]) == (Code.LIMITED, [2, 2, 1])
    assert limited.rates[0].level.wait_ms > 0


def test_a_cost_at_the_edge_is_refused_whole_and_then_ones_fill_it(counters: Counters) -> None:
    assert counters.count(checks(quota(10), usage={"requests": 5})).code is Code.ADMITTED
    assert counters.count(checks(quota(10), usage={"requests": 7})).code is Code.EXCEEDED
    ones = [counters.count(checks(quota(10))) for _ in range(6)]
    assert [one.code for one in ones] == [Code.ADMITTED] * 5 + [Code.EXCEEDED]


def test_a_customers_quota_is_shared_and_its_licenses_have_limits_of_their_own(counters: Counters) -> None:
    def of(license: str, own: int) -> Code:
        return counters.count(checks(quota(10, per="customer"), quota(own), license=license)).code

    first = [of("lic_a", 4) for _ in range(6)]
    second = [of("lic_b", 9) for _ in range(8)]
    assert first.count(Code.ADMITTED) == 4
    assert second.count(Code.ADMITTED) == 6


def test_what_is_over_is_counted_where_overage_is_allowed(counters: Counters) -> None:
    told = [counters.count(checks(quota(2, overage="allow"))) for _ in range(4)]
    assert [one.code for one in told] == [Code.ADMITTED] * 4
    assert (told[-1].quotas[0].used, told[-1].quotas[0].remaining, told[-1].quotas[0].is_over) == (4, 0, True)


def test_what_is_only_shown_or_denied_charges_nothing(counters: Counters) -> None:
    limits = (rate(2, 3600), quota(2))
    for mode in (Mode.SHOWN, Mode.DENIED) * 3:
        told = counters.count(checks(*limits), mode)
        assert (told.code, told.quotas[0].used, told.rates[0].level.remaining) == (Code.ADMITTED, 0, 2)
    assert counters.logged() == 6
    assert [counters.count(checks(*limits)).code for _ in range(3)] == [Code.ADMITTED] * 2 + [Code.LIMITED]


def test_a_count_meter_counts_calls(counters: Counters) -> None:
    one = checks(quota(2), usage={"requests": 900}, meters={"requests": "count"})
    assert [counters.count(one).code for _ in range(3)] == [Code.ADMITTED, Code.ADMITTED, Code.EXCEEDED]


def test_a_limit_per_key_is_each_keys_own(counters: Counters) -> None:
    per_key = [rate(1, 3600, per="key"), rate(3, 3600, name="all")]
    told = [counters.count(checks(*per_key, key=key)).code for key in ("key_a", "key_a", "key_b", "key_c", "key_d")]
    admitted, limited = Code.ADMITTED, Code.LIMITED
    assert told == [admitted, limited, admitted, admitted, limited]


def test_a_repeat_is_shown_the_first_numbers_and_uses_nothing(counters: Counters) -> None:
    limits = (rate(5, 3600), quota(5))
    again = f"once:{{s{counters.shard:02}}}:x"
    first = counters.count(checks(*limits), record=again, fingerprint="f")
    counters.count(checks(*limits))
    repeat = counters.count(checks(rate(9, 60, name="other")), record=again, fingerprint="f")
    assert repeat.code is Code.REPEATED
    assert (repeat.rates, repeat.quotas) == (first.rates, first.quotas)
    assert counters.count(checks(*limits), fingerprint="g", record=again).code is Code.CONFLICT
    assert counters.count(checks(*limits), Mode.SHOWN).quotas[0].used == 2


def test_a_denial_is_not_remembered(counters: Counters) -> None:
    again = f"once:{{s{counters.shard:02}}}:x"
    assert counters.count(checks(quota(0)), record=again, fingerprint="f").code is Code.EXCEEDED
    assert counters.count(checks(quota(1)), Mode.DENIED, record=again, fingerprint="f").code is Code.ADMITTED
    assert counters.count(checks(quota(1)), record=again, fingerprint="f").code is Code.ADMITTED
    assert counters.count(checks(quota(1)), record=again, fingerprint="f").code is Code.REPEATED


def test_until_its_counters_are_ready_a_shard_decides_no_limited_call(counters: Counters) -> None:
    counters.store.delete(shards.ready_key(counters.shard))
    for mode in (Mode.DENIED, Mode.SHOWN, Mode.ENFORCED):
        assert counters.count(checks(quota(5)), mode).code is Code.NOT_READY
    assert counters.count(checks()).code is Code.ADMITTED


def test_a_full_log_takes_nothing_and_forgets_nothing(counters: Counters) -> None:
    counters.most_undrained = 3
    shard = counters.shard
    words = calls.call(Mode.ENFORCED, checks(quota(9)), shard)
    assert counters.run(shard, [words, words, words]) is not None
    assert counters.run(shard, [words]) is None
    counters.most_undrained = MANY
    assert counters.count(checks(quota(9)), Mode.SHOWN).quotas[0].used == 3


def test_what_is_recorded_is_charged_whatever_the_limits_and_leaves_the_rates_alone(counters: Counters) -> None:
    limits = (rate(2, 3600), quota(2), quota(1, "lifetime"))
    told = [counters.count(checks(*limits), Mode.RECORDED) for _ in range(3)]
    assert {one.code for one in told} == {Code.ADMITTED}
    assert [[state.used for state in one.quotas] for one in told] == [[1, 1], [2, 2], [3, 3]]
    shown = counters.count(checks(*limits), Mode.SHOWN)
    assert (shown.rates[0].level.remaining, counters.logged()) == (2, 4)
    assert counters.count(checks(*limits)).code is Code.EXCEEDED


def test_repeats_of_what_is_recorded_use_nothing(counters: Counters) -> None:
    again = f"once:{{s{counters.shard:02}}}:x"

    def recorded(fingerprint: str) -> Code:
        return counters.count(checks(quota(5)), Mode.RECORDED, record=again, fingerprint=fingerprint).code

    assert [recorded("f") for _ in range(3)] == [Code.ADMITTED, Code.REPEATED, Code.REPEATED]
    assert recorded("another body") is Code.ADMITTED  # so it was answered
    later = counters.count(checks(quota(5)), record=again, fingerprint="f")
    assert (later.code, later.quotas[0].used) == (Code.REPEATED, 1)
    assert counters.count(checks(quota(5)), Mode.SHOWN).quotas[0].used == 2


def test_what_is_recorded_waits_for_counters_that_are_made_anew(counters: Counters) -> None:
    shard, batch = counters.shard, new("batch")
    words = calls.call(Mode.RECORDED, checks(quota(5)), shard)
    counters.store.delete(shards.ready_key(shard))
    assert counters.run(shard, [calls.call(Mode.DENIED, checks(quota(5)), shard), words], batch) is None
    assert counters.logged() == 0
    counters.store.set(shards.ready_key(shard), "1")
    assert counters.run(shard, [words], batch) is not None
    assert counters.count(checks(quota(5)), Mode.SHOWN).quotas[0].used == 1


def test_a_batch_is_remembered_until_its_sender_has_the_answer(counters: Counters) -> None:
    shard, words, batch = counters.shard, calls.call(Mode.ENFORCED, checks(quota(5)), counters.shard), new("batch")
    counters.remember_ms = calls.UNANSWERED_MS
    counters.run(shard, [words], batch)
    kept = shards.batch_key(shard, batch)
    assert counters.store.pttl(kept) > calls.UNANSWERED_MS - 60_000
    counters.run(shard, [words], answered=[kept])
    assert 0 < counters.store.pttl(kept) <= 60_000


@pytest.mark.prove
def test_a_batch_that_is_sent_again_counts_once(counters: Counters, scale: float, figure: Figure) -> None:
    shard, words = counters.shard, checks(quota(MANY), rate(MANY, 1))
    trials = max(50, int(1000 * scale))
    for _ in range(trials):
        batch = new("batch")
        told = [counters.run(shard, [calls.call(Mode.ENFORCED, words, shard)] * 3, batch) for _ in range(3)]
        assert told[0] == told[1] == told[2]
    assert counters.count(words, Mode.SHOWN).quotas[0].used == 3 * trials
    assert counters.logged() == trials + 1
    figure("batches sent three times", trials, "")


def test_many_at_once_never_use_more_than_there_is(counters: Counters) -> None:
    admitted, lock = 0, threading.Lock()

    def client() -> None:
        nonlocal admitted
        for _ in range(40):
            code = counters.count(checks(quota(100))).code
            with lock:
                admitted += code is Code.ADMITTED

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted == 100


def test_counters_go_when_their_window_is_long_over(counters: Counters) -> None:
    store, limits = counters.store, (rate(10, 60), quota(5, "hour"), quota(5, "lifetime"))
    now = int(store.time()[0] if counters.number == 1 else NOW / 1000) * 1000
    counters.count(checks(*limits, now=now))
    lives = {
        key.decode().split(":")[0] + key.decode().split(":")[3]: store.pttl(key) for key in store.keys("*:lic_1:*")
    }
    assert lives["usedlifetime"] == -1
    assert 0 < lives["usedhour"] <= 2 * 3_600_000 + 1000 or counters.number > 1
    assert 0 < lives["ratesteady"] <= 61_000


@pytest.mark.prove
def test_the_script_keeps_time_as_the_rules_do(counters: Counters, scale: float, figure: Figure) -> None:
    """With a clock of our own: Redis's is not ours to turn. Levels go by its clock, so here they stay."""
    assert REAL_TIME in calls.SCRIPT
    assert REAL_LIFE in calls.SCRIPT
    ours = calls.SCRIPT.replace(REAL_TIME, OUR_TIME).replace(REAL_LIFE, "3600000")
    script = counters.store.script_load(ours)
    dice, total = random.Random(7), max(2000, int(100_000 * scale))
    for limit, seconds, burst in ((10, 1, 3), (7, 3, 7), (999_983, 86_400, 20), (3, 31 * 86_400, 3)):
        one = checks(rate(limit, seconds, burst, name=new("r")))
        pace, tat, now = one.rates[0].pace, (0, 0), NOW * 1000
        shard = counters.shard
        words = calls.call(Mode.ENFORCED, one, shard)
        for _ in range(total // 4):
            now += dice.choice((0, 1, int(seconds * 1_000_000 / limit), dice.randrange(3_000_000)))
            answer = simulated(counters, script, shard, words, now)
            told = counted(answer[1][0], one, answer[0])
            expected = gcra.admit(pace, tat, now)
            assert (told.code is Code.ADMITTED) == (expected is not None)
            tat = expected or tat
            assert told.rates[0].level == gcra.level(pace, tat, now)
    figure("calls", total, "")


def simulated(counters: Counters, script: str, shard: int, words: list[object], now: int) -> Any:
    keys = calls.keys(shard, new("batch"))
    told = msgspec.msgpack.encode([words])
    moment = (str(now // 1_000_000), str(now % 1_000_000))
    reply = counters.store.evalsha(script, len(keys), *keys, told, b"\x90", str(MANY), "60000", *moment)
    return msgspec.msgpack.decode(reply)


def test_a_counter_that_is_full_stops_and_takes_no_other_call_with_it(counters: Counters) -> None:
    """INCRBY fails beyond 2^63, and what a script has written by then stays."""
    full, other = checks(quota(MANY, "lifetime", overage="allow")), checks(quota(10, "hour"))
    counters.store.set(shards.quota_key(counters.shard, full.quotas[0]), 2**63 - 1)
    words = [calls.call(Mode.ENFORCED, one, counters.shard) for one in (other, full, other)]
    answer = counters.run(counters.shard, words)
    assert answer
    assert [one[0] for one in answer[1]] == [Code.ADMITTED] * 3
    assert counters.logged() == 1
    assert counters.count(other).quotas[0].used == 3


def test_a_call_that_is_brought_after_its_window_leaves_no_counter_that_stays(counters: Counters) -> None:
    yesterday = checks(quota(10, "hour"), now=NOW - 2 * calls.DAY_MS)
    words = [calls.call(Mode.RECORDED, yesterday, counters.shard)] * 3
    for _ in range(2):
        counters.run(counters.shard, words)
    assert not counters.store.exists(shards.quota_key(counters.shard, yesterday.quotas[0]))
