"""However the supervisor dies, nothing outlives it: not a grandchild, not a backend, not what left its group."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.config.sample_up import COMMAND
from tests.running.stack import Running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path / "home", command=COMMAND) as started:
        started.wait_for("the family is complete")
        started.wait_for("both planes are ready")
        yield started


def keepers(copy: Running) -> list[int]:
    return [pid for pid, command in copy.pids().items() if "keeper.py" in command]


def test_kill_9_leaves_nothing_not_even_a_busy_backend(running: Running) -> None:
    before = running.pids()
    assert len([command for command in before.values() if "sample_up wait" in command]) == 2
    session = psycopg.connect(host=str(running.home / "run"), user="postgres", dbname="licet")
    with contextlib.closing(session):
        session.execute("SELECT 1")
        assert any("[local] idle" in command for command in running.pids().values())
        running.kill9()
        assert running.left() == {}


def test_after_kill_9_the_next_start_recovers_at_once(running: Running) -> None:
    running.kill9()
    with Running(running.home, command=COMMAND) as again:
        again.wait_for("run number 2")
        again.wait_for("both planes are ready")
        assert again.stop() == 0


def test_a_killed_keeper_is_replaced_and_its_successor_knows_everyone(running: Running) -> None:
    [first] = keepers(running)
    os.kill(first, signal.SIGKILL)
    patience_ends = time.monotonic() + 10
    while keepers(running) in ([], [first]):
        assert time.monotonic() < patience_ends
        time.sleep(0.05)
    running.kill9()
    assert running.left() == {}


def test_without_the_keeper_the_kernel_ends_every_child_of_its_own(running: Running) -> None:
    grandchildren = {pid for pid, command in running.pids().items() if command.endswith(("wait", "wait stubborn"))}
    running.process.send_signal(signal.SIGSTOP)  # so that it cannot replace the keeper
    [keeper] = keepers(running)
    os.kill(keeper, signal.SIGKILL)
    running.kill9()
    patience_ends = time.monotonic() + 15
    while set(running.pids()) - grandchildren:
        assert time.monotonic() < patience_ends, running.pids()
        time.sleep(0.05)
    for pid in grandchildren & set(running.pids()):
        os.kill(pid, signal.SIGKILL)


def test_a_killed_child_takes_its_family_along(running: Running) -> None:
    [relay] = [pid for pid, command in running.pids().items() if command.endswith("sample_up family")]
    children = {pid for pid, command in running.pids().items() if command.endswith("sample_up wait")}
    os.kill(relay, signal.SIGKILL)
    running.wait_for("relay stopped (killed by SIGKILL)")
    patience_ends = time.monotonic() + 5
    while children & set(running.pids()):
        assert time.monotonic() < patience_ends, running.pids()
        time.sleep(0.01)


def test_a_second_signal_kills_what_does_not_stop(running: Running) -> None:
    [relay] = [pid for pid, command in running.pids().items() if command.endswith("sample_up family")]
    os.kill(relay, signal.SIGSTOP)
    while ") T " not in Path(f"/proc/{relay}/stat").read_text():
        time.sleep(0.01)
    running.process.send_signal(signal.SIGINT)
    time.sleep(1.2)
    assert running.process.poll() is None
    began = time.monotonic()
    assert running.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 5
    assert running.left(seconds=1) == {}


def test_killed_at_any_moment_of_its_start_it_leaves_nothing(tmp_path: Path) -> None:
    moment = random.uniform(0.0, 2.5)  # pytest-randomly seeds it: each run tries another, and can be repeated
    with Running(tmp_path / "home", command=COMMAND) as copy:
        time.sleep(moment)
        copy.kill9()
        assert copy.left() == {}, f"killed after {moment:.3f} s"
    with Running(tmp_path / "home", command=COMMAND) as again:
        again.wait_for("both planes are ready")
        assert again.stop() == 0
