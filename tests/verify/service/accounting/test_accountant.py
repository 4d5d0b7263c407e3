"""The way to the counters: what is cut, killed or slow loses no call and counts none twice."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from tests.places import Place
from tests.running.nodes import verify_nodes
from tests.running.prove import Figure
from tests.running.proxy import Proxy, proxied
from tests.running.whole import Whole
from tests.verify.limits.counters import checks, logged_as
from tests.verify.limits.counters import quota as daily
from tests.verify.service.load import Crowd, Seen
from tests.verify.service.test_verifying import quota, sold
from verify.ground.ids import decode
from verify.limits import shards
from verify.limits.call import Mode
from verify.limits.counted import Code, Counted
from verify.service.accounting.accountant import Accountant, Where
from verify.service.accounting.calls import AccountingUnavailable, Batch, Call

MANY = 10**9


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with proxied(os.environ["REDIS_URL"]) as between:
        yield between


def used(place: Place, key: str) -> int:
    shown = place.verify(key=key, usage={})
    amount: int = shown["quotas"][0]["used"]
    return amount


@pytest.mark.prove
def test_a_batch_whose_connection_was_reset_counts_once(
    place: Place, proxy: Proxy, tmp_path: Path, scale: float, figure: Figure
) -> None:
    key, trials = sold(place, quotas=[quota(MANY)])["secret"], max(100, int(1000 * scale))
    environment = {"REDIS_URL": f"redis://127.0.0.1:{proxy.port}"}
    with verify_nodes(1, tmp_path, environment) as (node,):
        place.verify(key=key, usage={})
        crowd, seen = Crowd([node.url], place.document["secret_key"], 8), Seen()
        proxy.cut = 0.05
        while node.counter("licet_verify_batches_resent_total") < trials:
            more = crowd.ask([{"key": key}] * 200)
            seen.codes += more.codes
        proxy.cut = 0.0
        resent = node.counter("licet_verify_batches_resent_total")
    assert "Traceback" not in node.log.read_text()
    figure("batches sent again", resent, "")
    figure("answered", seen.codes["VALID"], "")
    figure("given up", seen.codes.total() - seen.codes["VALID"], "")
    assert seen.codes["VALID"] <= used(place, key) <= seen.codes.total()
    if seen.codes.total() == seen.codes["VALID"]:
        assert used(place, key) == seen.codes["VALID"]


def test_calls_wait_for_a_store_that_is_slow(place: Place, proxy: Proxy, tmp_path: Path) -> None:
    key = sold(place, quotas=[quota(MANY)])["secret"]
    with verify_nodes(1, tmp_path, {"REDIS_URL": f"redis://127.0.0.1:{proxy.port}"}) as (node,):
        proxy.slowest_seconds = 0.05
        seen = Crowd([node.url], place.document["secret_key"], 32, until_answered=True).ask([{"key": key}] * 200)
    assert seen.codes["VALID"] == 200
    assert used(place, key) == 200


class Asked(Call, kw_only=True):
    """A call whose end is looked at."""

    ends: list[Counted | AccountingUnavailable]

    def counted(self, counted: Counted) -> None:
        self.ends.append(counted)

    def failed(self, error: AccountingUnavailable) -> None:
        self.ends.append(error)


def test_who_gave_up_is_not_kept_while_there_is_no_connection() -> None:
    async def ask() -> int:
        accountant = Accountant("redis://127.0.0.1:1", 1, MANY)
        keeping = asyncio.create_task(accountant.run())
        ends: list[Counted | AccountingUnavailable] = []
        for _ in range(50):
            accountant.count(0, Asked(b"", b"", checks(), ends=ends))
        patience_ends = time.monotonic() + 10
        while len(ends) < 50:
            assert time.monotonic() < patience_ends
            await asyncio.sleep(0.05)
        assert {type(one) for one in ends} == {AccountingUnavailable}
        keeping.cancel()
        return sum(len(waiting) for waiting in accountant._waiting.values())

    with ThreadPoolExecutor(1) as apart:  # as in Crowd.ask
        assert apart.submit(lambda: asyncio.run(ask())).result() == 0


def test_a_bug_in_one_answer_ends_neither_the_batch_nor_the_connection() -> None:
    class Broken(Asked):
        def counted(self, counted: Counted) -> None:
            raise RuntimeError

    async def ask() -> list[Counted | AccountingUnavailable]:
        accountant = Accountant(os.environ["REDIS_URL"], 1, MANY)
        keeping = asyncio.create_task(accountant.run())
        ends: list[Counted | AccountingUnavailable] = []
        patience_ends = time.monotonic() + 20
        while not ends and time.monotonic() < patience_ends:  # the first may come before the connection
            for kind in (Asked, Broken, Asked):
                words = msgspec.msgpack.encode([int(Mode.SHOWN), "", "", "", [], []])
                accountant.count(0, kind(words, msgspec.msgpack.encode(logged_as("VALID")), checks(), ends=ends))
            await asyncio.sleep(0.2)
        keeping.cancel()
        await asyncio.wait([keeping])
        await asyncio.sleep(0)  # until the transport is closed
        return ends

    with ThreadPoolExecutor(1) as apart:  # as in Crowd.ask
        ends = apart.submit(lambda: asyncio.run(ask())).result()
    assert [one.code for one in ends if isinstance(one, Counted)][:2] == [Code.ADMITTED] * 2


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("killed") / "home") as started:
        yield started


def bought(whole: Whole, **overrides: Any) -> dict[str, str]:
    sample = whole.bootstrap["sample"]
    body = {"customer": sample["customer"], "plan": sample["plan"], "overrides": overrides}
    license = whole.post("licenses", body)["id"]
    return {"license": license, "secret": whole.post("keys", {"license": license})["secret"]}


def booked(whole: Whole, license: str) -> int:
    """What the ledger has of a license, once the log is drained."""
    patience_ends = time.monotonic() + 30
    while not is_drained(whole):
        assert time.monotonic() < patience_ends, "the log is not drained"
        time.sleep(0.1)
    query = {"license": license, "meter": "requests"}
    answer = whole.api.get("/v1/usage", params=query)
    assert answer.status_code == 200, answer.text
    value: int = answer.json()["data"][0]["value"]
    return value


def is_drained(whole: Whole) -> bool:
    with whole.redis as store, contextlib.suppress(redis.RedisError):
        return store.get(shards.backlog_key(0)) in (None, b"0") and store.exists(shards.ready_key(0)) == 1
    return False


def killing(whole: Whole, after: int) -> Any:
    """Kills the store once so many were admitted; its supervisor starts it again."""

    def kill(seen: Seen) -> None:
        while seen.codes["VALID"] < after and not seen.over:
            time.sleep(0.005)
        os.kill(whole.pid_of("valkey-server"), signal.SIGKILL)

    return kill


@pytest.mark.prove
@pytest.mark.parametrize("until_answered", [False, True], ids=["as it comes", "with retries"])
def test_a_killed_store_lets_nothing_through_twice_and_loses_nothing(
    whole: Whole, tmp_path: Path, scale: float, figure: Figure, *, until_answered: bool
) -> None:
    with verify_nodes(4, tmp_path, whole.settings) as nodes:
        for seed in range(max(1, round(5 * scale))):
            one = bought(whole, quotas=[quota(1000)])
            crowd = Crowd([node.url for node in nodes], whole.bootstrap["secret_key"], 64, until_answered, seed)
            seen = crowd.ask([{"key": one["secret"]}] * 1200, killing(whole, after=300))
            in_books = booked(whole, one["license"])
            assert seen.codes["VALID"] <= in_books <= 1000
            if until_answered:
                assert seen.codes["VALID"] == in_books == 1000
            figure("seen by clients, in the ledger", f"{seen.codes['VALID']:,}, {in_books:,}", "of 1,000")
        for node in nodes:
            assert "Traceback" not in node.log.read_text()


@pytest.mark.prove
def test_after_the_loss_of_all_data_a_quota_goes_on_where_the_ledger_was(
    whole: Whole, tmp_path: Path, scale: float, figure: Figure
) -> None:
    before = 0

    def lose(seen: Seen) -> None:
        nonlocal before
        while seen.codes["VALID"] < 300 and not seen.over:
            time.sleep(0.005)
        with whole.redis as store:
            store.flushall()
        before = seen.codes["VALID"]

    with verify_nodes(2, tmp_path, whole.settings) as nodes:
        for seed in range(max(1, round(5 * scale))):
            one = bought(whole, quotas=[quota(1000)])
            crowd = Crowd(
                [node.url for node in nodes], whole.bootstrap["secret_key"], 32, until_answered=True, seed=seed
            )
            seen = crowd.ask([{"key": one["secret"]}] * 3000, lose)
            in_books = booked(whole, one["license"])
            forgotten = seen.codes["VALID"] - in_books
            figure("seen by clients, in the ledger", f"{seen.codes['VALID']:,}, {in_books:,}", "of 1,000")
            figure("refused while it was made anew", seen.codes["HTTP 503"], "")
            assert in_books == 1000
            assert 0 <= forgotten <= before + crowd.clients  # whose answers were on their way at that moment
            again = whole.verifier.post("/v1/verify", json={"key": one["secret"]}).json()
            assert again["code"] == "QUOTA_EXCEEDED"


def killing_workers(whole: Whole, kills: list[int]) -> Any:
    """Kills one verify process after the other, each when the one before has come again."""

    def kill(seen: Seen) -> None:
        while not seen.over:
            found = [pid for pid, words in whole.pids().items() if "verify.service" in words]
            if found and found[0] not in kills:
                time.sleep(0.5)
                os.kill(found[0], signal.SIGKILL)
                kills.append(found[0])
            time.sleep(0.05)

    return kill


@pytest.mark.prove
def test_killed_verify_workers_take_no_admission_with_them(
    whole: Whole, tmp_path: Path, scale: float, figure: Figure
) -> None:
    one, kills = bought(whole, quotas=[quota(MANY)]), list[int]()
    calls = max(1500, int(20_000 * scale))  # each kill lets the supervisor wait longer before it starts the next
    with verify_nodes(1, tmp_path, whole.settings) as (stays,):
        urls = [whole.bootstrap["verify_url"].rstrip("/"), stays.url]
        crowd = Crowd(urls, whole.bootstrap["secret_key"], 16)
        seen = crowd.ask([{"key": one["secret"]}] * calls, killing_workers(whole, kills))
    in_books = booked(whole, one["license"])
    with whole.administrator() as connection:
        rows = connection.execute("SELECT id FROM decisions WHERE outcome = 'VALID'").fetchall()
    assert {decode("req", request_id) for request_id in seen.admitted} <= {row[0] for row in rows}
    assert seen.codes["VALID"] <= in_books <= seen.codes.total()  # where no answer came, it may have been counted
    assert kills
    figure("kills", len(kills), "")
    figure("admitted, in the ledger", f"{seen.codes['VALID']:,}, {in_books:,}", "")


def test_a_batch_that_nobody_waits_for_any_more_is_not_sent_again() -> None:
    """It may have run long ago, and the store may have forgotten it: then it would count twice."""

    async def connect() -> tuple[int, bool]:
        accountant = Accountant(os.environ["REDIS_URL"], 1, MANY)
        given_up = Asked(b"", b"", checks(), over=True, ends=[])
        accountant._unanswered["batch_1"] = Batch("batch_1", 0, [given_up], (b"", b""), is_bridged=False)
        await accountant._connect()
        sent = accountant._unanswered.get("batch_1")
        accountant._drop()
        return len(accountant._unanswered), sent is None

    with ThreadPoolExecutor(1) as apart:
        assert apart.submit(lambda: asyncio.run(connect())).result() == (0, True)


def test_what_has_no_limits_says_nothing_of_counters_that_are_being_made_anew() -> None:
    accountant, limited = Accountant("redis://", 1, MANY), checks(daily(5))
    free, counted = [0, [], []], [0, [], [1]]
    for one, outcome in ((limited, [int(Code.NOT_READY), [], []]), (checks(), free)):
        accountant._tell(0, Asked(b"", b"", one, ends=[]), outcome, 0)
    assert accountant.seconds_away(Where(0, limited=True)) > 0
    assert accountant.seconds_away(Where(0, limited=False)) == 0
    assert accountant.seconds_away(Where(1, limited=True)) == 0
    accountant._tell(0, Asked(b"", b"", limited, ends=[]), counted, 0)
    assert accountant.seconds_away(Where(0, limited=True)) == 0


def test_after_a_long_silence_a_failure_is_a_new_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    accountant, moment = Accountant("redis://", 1, MANY), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    for seconds, since in ((1000.0, 0.0), (1300.0, 300.0), (1800.0, 800.0), (2500.0, 0.0)):
        moment[0] = seconds
        accountant._fail(0, Asked(b"", b"", checks(), ends=[]), AccountingUnavailable())
        assert accountant.seconds_away(Where(0, limited=False)) == since
