"""Redis out of reach: the environment's `on_outage` decides, and only for what was known; nothing is lost for it."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running.clients import plain_client
from tests.running.nodes import Node, running, verify_nodes
from tests.running.prove import Figure
from tests.running.proxy import proxied
from tests.running.stack import free_port
from tests.running.whole import Whole
from tests.verify.service.accounting.test_accountant import booked, bought
from tests.verify.service.load import Crowd, Seen
from tests.verify.service.outage import (
    admitted_of,
    assert_all_in_the_books,
    degraded,
    for_seconds,
    frozen,
    knows,
    set_on_outage,
    until,
    until_ready,
    until_replayed,
)
from tests.verify.service.test_verifying import quota
from verify.limits import shards

FULL_SECONDS = 30.0
STALE_SECONDS = 8  # a machine with other work needs seconds to see what has happened
MANY = 10**9
VALKEY = "valkey-server"
CURRENT, BRIDGED = (200, "VALID", False), (200, "VALID", True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("outage") / "home") as started:
        yield started


def crowd(whole: Whole, *nodes: Node, clients: int = 16) -> Crowd:
    return Crowd([node.url for node in nodes], whole.bootstrap["secret_key"], clients)


def settings(whole: Whole, folder: Path, **more: str) -> dict[str, str]:
    """Of a node that spools in `folder`."""
    return whole.settings | {"LICET_SPOOL_DIR": str(folder / "spool")} | more


def test_deny_answers_503_and_nothing_else_and_recovers_by_itself(whole: Whole) -> None:
    set_on_outage(whole, "deny", 60)
    key = whole.bootstrap["sample"]["key_secret"]
    assert whole.code(key) == "VALID"
    assert whole.verifier.get("/readyz").json()["spool"]["state"] == "ok"  # it has a folder without being told
    with frozen(whole.pid_of(VALKEY)):
        asked: list[dict[str, Any]] = [{"key": key}, {"key": "nobody's"}, {"key": key, "usage": {}}]
        urls = [whole.bootstrap["verify_url"].rstrip("/")]
        seen = Crowd(urls, whole.bootstrap["secret_key"], 4).ask(for_seconds(1.5, *asked))
        assert seen.codes.keys() <= {"HTTP 503", "NOT_FOUND"}  # a misspelt key is one while facts are surely current
        assert whole.verifier.get("/readyz").status_code == 503
        assert whole.verifier.get("/livez").status_code == 200
    until_ready(whole)
    assert whole.code(key) == "VALID"


def test_allow_answers_from_memory_for_as_long_as_it_says(whole: Whole, tmp_path: Path) -> None:
    """A node of its own: one that has just come back from an outage still counts from the first."""
    set_on_outage(whole, "allow", STALE_SECONDS)
    key = whole.bootstrap["sample"]["key_secret"]
    unknown = whole.post("keys", {"license": whole.bootstrap["sample"]["license"]})["secret"]
    headers = {"Authorization": f"Bearer {whole.bootstrap['secret_key']}"}
    with (
        verify_nodes(1, tmp_path, settings(whole, tmp_path)) as (node,),
        plain_client(node.url, headers=headers) as asking,
    ):

        def said(key: str) -> tuple[int, str, bool]:
            """Status, code, and whether it is from memory."""
            answer = asking.post("/v1/verify", json={"key": key})
            return answer.status_code, answer.json()["code"], answer.json().get("degraded", False)

        until(lambda: said(key) == CURRENT, "not valid")
        with frozen(whole.pid_of(VALKEY)):
            began = time.monotonic()
            until(lambda: not node.is_ready(), "ready without Redis")
            # 503 as long as one connection may have fallen silent before the other
            until(lambda: said(key) == BRIDGED, "not answered from memory")
            assert said(unknown)[0] == 503  # never asked for before: nothing is remembered of it
            asked_at = [time.monotonic()]
            while said(key) == BRIDGED:
                assert asked_at[-1] - began < 30, "answered for ever"
                asked_at.append(time.monotonic())
            assert said(key)[0] == 503
            # However slow the machine: who asked until then was answered, and nobody who asked later.
            assert asked_at[-2] - began < STALE_SECONDS
            assert asked_at[-1] - began > STALE_SECONDS - 0.5
        node.wait_until_ready()
        until(lambda: said(key) == CURRENT, "not valid")
        until_replayed(tmp_path / "spool")


def test_a_redis_that_was_killed_comes_back_with_its_facts(whole: Whole) -> None:
    key = whole.bootstrap["sample"]["key_secret"]
    made = whole.post("keys", {"license": whole.bootstrap["sample"]["license"]})
    whole.post(f"keys/{made['id']}/revocation")
    time.sleep(1.2)  # the append-only file is written out every second
    os.kill(whole.pid_of(VALKEY), signal.SIGKILL)
    until(lambda: whole.code(made["secret"]) == "KEY_REVOKED", "not revoked")
    until_ready(whole)
    assert whole.code(key) == "VALID"


@pytest.mark.prove
@pytest.mark.parametrize("away", ["frozen", "cut off"])
def test_what_was_admitted_without_redis_is_in_the_ledger_once(
    whole: Whole, tmp_path: Path, scale: float, figure: Figure, away: str
) -> None:
    set_on_outage(whole, "allow", 60)
    seconds = max(3.0, FULL_SECONDS * scale)
    plenty = bought(whole, quotas=[quota(MANY), quota(MANY, period="month", per="customer")])
    scarce = bought(whole, quotas=[quota(200)], rate_limits=[{"name": "r", "limit": 20, "period_seconds": 1}])
    asked: list[dict[str, Any]] = [{"key": plenty["secret"]}, {"key": scarce["secret"]}]
    asked.append({"key": plenty["secret"], "scopes": ["nope"]})

    def leave(seen: Seen) -> None:
        time.sleep(0.5)
        if away == "frozen":
            with frozen(whole.pid_of(VALKEY)):
                time.sleep(seconds)
        else:
            proxy.closed = True
            time.sleep(seconds)
            proxy.closed = False

    with proxied(whole.settings["REDIS_URL"]) as proxy:
        told = settings(whole, tmp_path, REDIS_URL=f"redis://127.0.0.1:{proxy.port}")
        with verify_nodes(2, tmp_path, told) as nodes:
            for node in nodes:
                knows(node, whole.bootstrap["secret_key"], plenty["secret"], scarce["secret"])
            seen = crowd(whole, *nodes).ask(for_seconds(seconds + 1.5, *asked), leave)
            until_replayed(tmp_path / "spool")
            spooled = sum(node.counter("licet_verify_spooled_total") for node in nodes)
            replayed = sum(node.counter("licet_verify_replayed_total") for node in nodes)
            for node in nodes:
                assert "Traceback" not in node.log.read_text(), node.log.read_text()[-4000:]
    figure("answers", seen.codes.total(), "")
    figure("of these degraded", degraded(seen), "")
    figure("replayed, of which were on disk", f"{replayed:,.0f}, {spooled:,.0f}", "")
    assert degraded(seen) > 0
    assert seen.codes.keys() <= {"VALID", "SCOPE_MISSING", "RATE_LIMITED", "QUOTA_EXCEEDED"}, seen.codes
    in_books = {one["license"]: booked(whole, one["license"]) for one in (plenty, scarce)}
    assert in_books == admitted_of(seen)
    assert_all_in_the_books(whole, seen)
    whole.manage("audit_counters")


def test_a_killed_worker_takes_nothing_with_it_that_a_client_saw(whole: Whole, tmp_path: Path) -> None:
    set_on_outage(whole, "allow", 60)
    one, told = bought(whole, quotas=[quota(MANY)]), settings(whole, tmp_path)
    with verify_nodes(1, tmp_path, told) as (node,):
        knows(node, whole.bootstrap["secret_key"], one["secret"])

        def kill(seen: Seen) -> None:
            until(lambda: degraded(seen) > 300 or seen.over, "nothing was answered")
            node.process.kill()

        with frozen(whole.pid_of(VALKEY)):
            seen = crowd(whole, node).ask([{"key": one["secret"]}] * 600, kill)
            node.process.wait(10)
            assert degraded(seen) > 300
            assert list((tmp_path / "spool").glob("*.spool"))
    with verify_nodes(1, tmp_path, told):
        until_replayed(tmp_path / "spool")
    in_books = booked(whole, one["license"])
    assert seen.codes["VALID"] <= in_books <= seen.codes.total()
    assert_all_in_the_books(whole, seen)
    whole.manage("audit_counters")


def test_a_replay_that_is_killed_again_and_again_is_done_once(whole: Whole, tmp_path: Path) -> None:
    set_on_outage(whole, "allow", 60)
    one, told = bought(whole, quotas=[quota(MANY)]), settings(whole, tmp_path)
    with verify_nodes(1, tmp_path, told) as (node,):
        knows(node, whole.bootstrap["secret_key"], one["secret"])
        with frozen(whole.pid_of(VALKEY)):
            seen = crowd(whole, node, clients=64).ask([{"key": one["secret"]}] * 400)
            node.process.kill()
    words = ["-m", "verify.service", "--port", str(free_port())]
    for place in ("before_batch", "after_batch", "before_remove", "after_remove"):
        deadly = told | {"LICET_FAILPOINTS": f"replay.{place}=kill"}
        with running(words, "", tmp_path / "deadly.log", deadly) as node:
            assert node.process.wait(30) == -signal.SIGKILL
    assert list((tmp_path / "spool").iterdir()) == []
    with verify_nodes(2, tmp_path, told):
        until_replayed(tmp_path / "spool")
    assert seen.codes.keys() == {"VALID"}
    assert booked(whole, one["license"]) == 400
    assert_all_in_the_books(whole, seen)
    whole.manage("audit_counters")


def test_a_repeat_uses_once_what_it_uses_during_an_outage_and_after(whole: Whole, tmp_path: Path) -> None:
    set_on_outage(whole, "allow", 60)
    one, secret_key = bought(whole, quotas=[quota(MANY)]), whole.bootstrap["secret_key"]
    headers = {"Authorization": f"Bearer {secret_key}", "Idempotency-Key": "the same"}
    with verify_nodes(1, tmp_path, settings(whole, tmp_path)) as (node,), plain_client(node.url) as client:

        def ask() -> dict[str, Any]:
            told: dict[str, Any] = client.post("/v1/verify", json={"key": one["secret"]}, headers=headers).json()
            return told

        knows(node, secret_key, one["secret"])
        with frozen(whole.pid_of(VALKEY)):
            assert [ask()["degraded"] for _ in range(3)] == [True] * 3
        until_replayed(tmp_path / "spool")
        node.wait_until_ready()
        assert ask()["quotas"][0]["used"] == 1
    assert booked(whole, one["license"]) == 1


def test_a_connection_that_comes_and_goes_makes_nobody_forget(whole: Whole, tmp_path: Path) -> None:
    set_on_outage(whole, "allow", 60)
    one, answered = bought(whole, quotas=[quota(MANY)]), 0
    with proxied(whole.settings["REDIS_URL"]) as proxy:
        told = settings(whole, tmp_path, REDIS_URL=f"redis://127.0.0.1:{proxy.port}")
        with verify_nodes(1, tmp_path, told) as (node,):
            knows(node, whole.bootstrap["secret_key"], one["secret"])
            for _ in range(3):
                proxy.closed = True
                seen = crowd(whole, node, clients=1).ask(for_seconds(1.0, {"key": one["secret"]}))
                assert degraded(seen) > 0
                assert seen.verdicts[-1].get("degraded")
                answered += seen.codes["VALID"]
                proxy.closed = False
                node.wait_until_ready()
            until_replayed(tmp_path / "spool")
    assert booked(whole, one["license"]) == answered


def test_what_cannot_be_written_is_not_told(whole: Whole, tmp_path: Path) -> None:
    set_on_outage(whole, "allow", 60)
    key, secret_key = bought(whole, quotas=[quota(MANY)])["secret"], whole.bootstrap["secret_key"]
    with verify_nodes(1, tmp_path, settings(whole, tmp_path)) as (node,), plain_client(node.url) as client:
        knows(node, secret_key, key)
        with frozen(whole.pid_of(VALKEY)):
            asking = crowd(whole, node)
            assert asking.ask([{"key": key}] * 20).codes.keys() == {"VALID"}
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
            full = asking.ask([{"key": key}] * 200)
            assert full.codes.keys() == {"HTTP 503"}
            assert client.get("/readyz").json()["spool"]["state"] == "cannot be written"
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            assert asking.ask([{"key": key}] * 20).codes.keys() == {"VALID"}
        until_replayed(tmp_path / "spool")
    assert_all_in_the_books_after(whole, full)


def assert_all_in_the_books_after(whole: Whole, seen: Seen) -> None:
    booked(whole, whole.bootstrap["sample"]["license"])
    assert_all_in_the_books(whole, seen)


def test_without_a_folder_allow_is_deny_and_it_says_so(whole: Whole, tmp_path: Path) -> None:
    set_on_outage(whole, "allow", 60)
    key = whole.bootstrap["sample"]["key_secret"]
    with verify_nodes(1, tmp_path, whole.settings) as (node,), plain_client(node.url) as client:
        knows(node, whole.bootstrap["secret_key"], key)
        assert client.get("/readyz").json()["spool"]["state"] == "off"
        assert "behaves as `deny`" in node.log.read_text()
        with frozen(whole.pid_of(VALKEY)):
            assert crowd(whole, node).ask([{"key": key}] * 20).codes.keys() == {"HTTP 503"}


@pytest.mark.parametrize("trouble", ["the log is full", "the counters are being made anew"])
def test_while_calls_cannot_be_counted_the_environment_decides_too(whole: Whole, tmp_path: Path, trouble: str) -> None:
    one = bought(whole, quotas=[quota(MANY)])
    with (
        frozen(whole.pid_of("manage.py drain")),
        whole.redis as store,
        verify_nodes(1, tmp_path, settings(whole, tmp_path, LICET_LOG_CAP="40")) as (node,),
    ):
        asking, body = crowd(whole, node, clients=1), [{"key": one["secret"]}]
        if trouble == "the log is full":
            asking.ask(body * 41)
        else:
            store.delete(shards.ready_key(0))
        set_on_outage(whole, "deny", 60)
        until(lambda: asking.ask(body).codes.keys() == {"HTTP 503"}, "answered")
        set_on_outage(whole, "allow", 60)
        until(lambda: asking.ask(body).codes.keys() == {"VALID"}, "not answered")
        assert node.is_ready()
        seen = asking.ask(body * 5)
        assert degraded(seen) == 5
        whole.signal("manage.py drain", signal.SIGCONT)
        until_replayed(tmp_path / "spool")
    assert_all_in_the_books_after(whole, seen)
    whole.manage("audit_counters")


def test_a_clock_that_is_far_off_makes_a_node_red(whole: Whole, tmp_path: Path) -> None:
    port = free_port()
    words, told = ["-m", "verify.service", "--port", str(port)], settings(whole, tmp_path)
    told["LICET_FAILPOINTS"] = "verify.clock_ahead=3"
    url = f"http://127.0.0.1:{port}"
    with running(words, url, tmp_path / "ahead.log", told) as node, plain_client(url) as client:

        def clock() -> str:
            try:
                return str(client.get("/readyz").json().get("clock"))
            except httpx.TransportError:
                return ""

        until(lambda: "ahead" in clock(), "never red")
        assert clock() == "3.0 s ahead of that of Redis"
        assert client.get("/readyz").status_code == 503
        assert node.counter("licet_verify_clock_skew_seconds") == pytest.approx(3, abs=0.1)
