"""Redis out of reach: the environment's `on_outage` decides, and only for what was known."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.running.whole import Whole


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A server that neither answers nor hangs up, as behind a broken network."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Whole(tmp_path_factory.mktemp("outage") / "home") as started:
        yield started


def set_on_outage(whole: Whole, choice: str, stale_seconds: int) -> None:
    """By SQL and a rebuild: changing an environment over the API comes with a later release."""
    with whole.administrator() as connection:
        connection.execute("UPDATE environments SET on_outage = %s, stale_seconds = %s", [choice, stale_seconds])
    whole.manage("republish_all")


def test_deny_answers_503_and_recovers_by_itself(whole: Whole) -> None:
    set_on_outage(whole, "deny", 60)
    key = whole.bootstrap["sample"]["key_secret"]
    assert whole.code(key) == "VALID"
    with frozen(whole.pid_of("valkey-server")):
        time.sleep(1)
        assert whole.code(key) == "HTTP 503"
        assert whole.verifier.get("/readyz").status_code == 503
        assert whole.verifier.get("/livez").status_code == 200
    until_ready(whole)
    assert whole.code(key) == "VALID"


def test_allow_answers_from_memory_for_as_long_as_it_says(whole: Whole) -> None:
    set_on_outage(whole, "allow", 4)
    key = whole.bootstrap["sample"]["key_secret"]
    unknown = whole.post("keys", {"license": whole.bootstrap["sample"]["license"]})["secret"]
    assert whole.code(key) == "VALID"
    with frozen(whole.pid_of("valkey-server")):
        time.sleep(1)
        answer = whole.verifier.post("/v1/verify", json={"key": key}).json()
        assert (answer["code"], answer["degraded"]) == ("VALID", True)
        assert whole.code(unknown) == "HTTP 503"  # never asked for before: nothing is remembered of it
        time.sleep(4)
        assert whole.code(key) == "HTTP 503"
    until_ready(whole)
    answer = whole.verifier.post("/v1/verify", json={"key": key}).json()
    assert (answer["code"], "degraded" in answer) == ("VALID", False)


def test_a_redis_that_was_killed_comes_back_with_its_facts(whole: Whole) -> None:
    key = whole.bootstrap["sample"]["key_secret"]
    made = whole.post("keys", {"license": whole.bootstrap["sample"]["license"]})
    whole.post(f"keys/{made['id']}/revocation")
    time.sleep(1.2)  # the append-only file is written out every second
    os.kill(whole.pid_of("valkey-server"), signal.SIGKILL)
    until_ready(whole)
    assert (whole.code(key), whole.code(made["secret"])) == ("VALID", "KEY_REVOKED")


def until_ready(whole: Whole, seconds: float = 30.0) -> None:
    began = time.monotonic()
    while whole.verifier.get("/readyz").status_code != 200:
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
