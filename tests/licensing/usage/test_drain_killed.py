"""The drain as a process that is killed again and again: nothing is lost, nothing is counted twice."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenants import clock
from tenants.clock import milliseconds
from tests.licensing.usage.feeding import Feed, expected, found
from tests.places import Place
from tests.running.nodes import Node, running
from tests.running.prove import Figure

FULL_KILLS, FULL_CALLS = 50, 50_000
FAILPOINTS = ("drain.after_read", "drain.before_commit", "drain.after_commit", "drain.after_ack")
DEATHS = (*FAILPOINTS, "", "", "", "")  # in turn; "" is SIGKILL at any moment
FEW_SHARDS = 13  # a process of its own takes all of them
PATIENCE_SECONDS = 120.0


def until(is_so: Callable[[], bool], drain: Node) -> None:
    patience_ends = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < patience_ends, drain.log.read_text()
        time.sleep(0.005)


def kill_once(feed: Feed, folder: Path, chance: random.Random, failpoint: str) -> None:
    """Dies at the failpoint, or by SIGKILL at any moment after its first batch."""
    before = feed.waiting()
    environment = {"LICET_COUNTER_SHARDS": str(feed.total), "LICET_LOG_CAP": "10000000"}
    if failpoint:
        environment["LICET_FAILPOINTS"] = f"{failpoint}=kill"
    with running(["manage.py", "drain"], "", folder / "drain.log", environment) as drain:
        if not failpoint:
            until(lambda: feed.waiting() < before, drain)
            time.sleep(chance.random() * 0.05)
            drain.process.kill()
        until(lambda: drain.process.poll() is not None, drain)
        assert drain.process.returncode == -signal.SIGKILL, drain.log.read_text()


def speed(feed: Feed, calls: int, chance: random.Random) -> float:
    feed.tell_many(calls, chance)
    drain = feed.drain()
    began = time.monotonic()
    while drain.tick():
        pass
    assert feed.waiting() == 0
    return calls / (time.monotonic() - began)


@pytest.mark.prove
def test_a_drain_that_is_killed_again_and_again_neither_loses_nor_repeats_a_call(
    new_place: Callable[[], Place], tmp_path: Path, scale: float, figure: Figure
) -> None:
    kills, calls = max(5, round(FULL_KILLS * scale)), max(2500, round(FULL_CALLS * scale))
    feed = Feed(new_place(), milliseconds(clock.now()) or 0, FEW_SHARDS)
    chance = random.Random(4)
    began = time.monotonic()
    for number in range(kills):
        feed.tell_many(-(-calls // kills), chance, repeated_percent=5)
        kill_once(feed, tmp_path, chance, DEATHS[number % len(DEATHS)])
    environment = {"LICET_COUNTER_SHARDS": str(feed.total)}
    with running(["manage.py", "drain"], "", tmp_path / "drain.log", environment) as drain:
        until(lambda: feed.waiting() == 0, drain)
    assert found(feed) == expected(feed)
    assert feed.backlog() == 0
    figure("kills", kills, "")
    figure("calls", len(feed.said), "")
    figure("entries of the log, with repeated items", feed.entries, "")
    figure("lost or repeated", 0, "")
    figure("seconds", round(time.monotonic() - began, 1), "s")
    figure("calls drained a second, in peace", round(speed(feed, calls, chance)), "/s")
