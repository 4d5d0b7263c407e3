"""Each verify process tells how it is: while it lives, as it is, and no longer."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from licensing.usage.stream import client
from tests.places import Place
from tests.running.clients import plain_client
from tests.running.nodes import Node as Running
from tests.running.nodes import verify_nodes
from tests.running.proxy import proxied
from verify.ground import nodes
from verify.ground.nodes import Node


def told() -> dict[int, Node]:
    """By process id."""
    return {one.pid: one for one in map(nodes.decode, client().hvals(nodes.TOLD_KEY))}


def propagation_ms(node: Running) -> float:
    one = told().get(node.process.pid)
    return (one and one.propagation_ms) or 0.0


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, told()
        time.sleep(0.02)


def test_a_node_tells_how_it_is_and_takes_it_back_when_it_stops(place: Place, tmp_path: Path) -> None:
    with verify_nodes(1, tmp_path) as (node,):
        pid = node.process.pid
        until(lambda: pid in told())
        with plain_client(node.url, headers=place.verifier.headers) as caller:
            for _ in range(20):
                caller.post("/v1/verify", json={"key": place.sample["key_secret"]}).raise_for_status()
        until(lambda: told()[pid].warm == pytest.approx(0.95))  # the first call read what it needed
        one = told()[pid]
        assert one.calls_per_second > 0
        assert one.trusted
        assert one.facts_held >= 5
        assert one.p50_ms is not None
        assert one.p99_ms is not None
        assert 0 < one.p50_ms <= one.p99_ms
        assert node.counter("licet_verify_cold_requests_total") == 1
    assert pid not in told()


def test_news_of_the_relay_reaches_it_and_is_measured(tmp_path: Path) -> None:
    with verify_nodes(1, tmp_path) as (node,):
        until(lambda: node.counter("licet_verify_propagation_seconds_count") >= 2)
        until(lambda: propagation_ms(node) > 0)
        since = told()[node.process.pid].heartbeat_seconds
        assert since is not None
        assert since >= 0


def test_slow_news_is_measured_as_slow(tmp_path: Path) -> None:
    with proxied(os.environ["REDIS_URL"]) as between:
        environment = {"REDIS_URL": f"redis://127.0.0.1:{between.port}"}
        with verify_nodes(1, tmp_path, environment) as (node,):
            between.slowest_seconds = 0.2  # each way
            until(lambda: propagation_ms(node) > 50)


def test_one_that_was_killed_falls_silent_and_is_forgotten_after_a_while(tmp_path: Path) -> None:
    with verify_nodes(1, tmp_path) as (node,):
        until(lambda: node.process.pid in told())
        os.kill(node.process.pid, signal.SIGKILL)
        node.process.wait(timeout=10)
        (name,) = [one.name for one in told().values() if one.pid == node.process.pid]
    assert client().zscore(nodes.SEEN_KEY, name) is not None
    client().zadd(nodes.SEEN_KEY, {name: time.time() * 1000 - 61_000})
    until(lambda: client().zscore(nodes.SEEN_KEY, name) is None)  # the others see to it
    assert not client().hexists(nodes.TOLD_KEY, name)
