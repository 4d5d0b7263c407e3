"""The whole product as `manage.py up` runs it: killed, doubled, with several verify workers."""

import os
import signal
import time
from pathlib import Path

from tests.running.whole import Whole


def test_a_kill_leaves_no_process_and_no_lost_write(tmp_path: Path) -> None:
    """`kill -9` of the supervisor: web, workers, Celery's pool, PostgreSQL's backends, Valkey, all gone."""
    with Whole(tmp_path / "home") as first:
        made = first.post("customers", {"name": "Written just before"})["id"]
        commands = " ".join(first.pids().values())
        for part in ("uvicorn", "verify.service", "celery", "relay", "drain", "bin/postgres", "valkey-server"):
            assert part in commands
        first.kill9()
        assert first.left() == {}
    with Whole(tmp_path / "home") as second:
        assert second.api.get(f"/v1/customers/{made}").status_code == 200
        assert second.stop() == 0


def test_two_copies_know_nothing_of_each_other_and_workers_that_die_are_replaced(tmp_path: Path) -> None:
    with Whole(tmp_path / "one") as one, Whole(tmp_path / "two", {"LICET_VERIFY_WORKERS": "2"}) as two:
        assert one.code(one.bootstrap["sample"]["key_secret"]) == "VALID"
        one.kill9()
        assert_workers_are_replaced(two)
        answer = two.verifier.post("/v1/verify", json={"key": one.bootstrap["sample"]["key_secret"]})
        assert answer.json()["code"] == "NOT_FOUND"


def assert_workers_are_replaced(whole: Whole) -> None:
    """What they count is told together, and what a dead one had counted is not forgotten."""
    key = whole.bootstrap["sample"]["key_secret"]
    workers = [pid for pid, command in whole.pids().items() if "verify.service" in command]
    assert len(workers) == 2
    assert [whole.code(key) for _ in range(20)] == ["VALID"] * 20
    asked_at, began = time.time(), time.monotonic()
    # Each leaves its counts for the other once a second.
    while any(left.stat().st_mtime <= asked_at for left in (whole.home / "metrics").glob("*.counts")):
        assert time.monotonic() - began < 15
        time.sleep(0.05)
    assert told(whole) == 20
    os.kill(workers[0], signal.SIGKILL)
    began = time.monotonic()
    while len([pid for pid, command in whole.pids().items() if "verify.service" in command]) < 2:
        assert time.monotonic() - began < 15
        time.sleep(0.1)
    assert told(whole) == 20


def told(whole: Whole) -> float:
    lines = whole.verifier.get("/metrics").text.splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("licet_verify_verdicts_total"))


def test_who_wants_no_bytecode_beside_the_sources_has_it_in_the_data_directory_and_stops_at_once(
    tmp_path: Path,
) -> None:
    """Else every process would compile all it imports at every start."""
    with Whole(tmp_path / "home", {"PYTHONDONTWRITEBYTECODE": "1"}) as whole:
        assert list((whole.home / "bytecode").rglob("django/**/*.pyc"))
        assert whole.stop(signal.SIGINT) == 0
        assert whole.left(seconds=0) == {}
