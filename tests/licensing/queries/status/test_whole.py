"""What is seen of a real system: all of it, and what is left when a part is away."""

import contextlib
import math
import re
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from prometheus_client import REGISTRY, generate_latest

from licensing.actions.clock.rounds import note_round
from licensing.queries.status.books import seen_books
from licensing.queries.status.planes import seen_planes
from licensing.queries.status.queues import queue_lengths
from licensing.queries.status.whole import Status, system_status
from licensing.rules.status.part import State
from licensing.rules.status.work import QUEUES, ROUND_SECONDS
from licensing.usage.stream import client
from tenants import clock
from tenants.models import OutboxEntry
from tests.licensing.queries.status.away import redis_away, redis_silent
from tests.places import Place
from tests.running.nodes import verify_nodes
from verify.ground import nodes
from verify.ground.ids import new_uuid

PARTS = (
    *("Verify", "Redis", "PostgreSQL", "Facts", "Relay", "Drain", "Counters", "Usage log", "Partitions"),
    "Worker and beat",
)
BY_DATABASE = ("PostgreSQL", "Counters", "Usage log", "Partitions")  # well or not: as other tests left it


def seen() -> Status:
    return system_status(clock.now())


def state(part: str, status: Status | None = None) -> State:
    (found,) = [one for one in (status or seen()).parts if one.name == part]
    return found.state


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, seen()
        time.sleep(0.05)


def test_of_a_running_copy_every_part_is_seen() -> None:
    """Other tests may just be frightening one of them; none is unknown."""
    status = seen()
    assert tuple(part.name for part in status.parts) == PARTS
    assert not [part for part in status.parts if part.state is State.UNKNOWN]
    assert state("Redis", status) is State.OK  # the embedded one keeps what it is given
    assert state("PostgreSQL", status) is State.OK
    assert state("Partitions", status) is State.OK


def test_a_node_is_seen_from_its_start_to_its_stop(tmp_path: Path) -> None:
    def pids() -> set[int]:
        return {one.node.pid for one in seen().nodes or ()}

    with verify_nodes(1, tmp_path) as (node,):
        until(lambda: node.process.pid in pids())
    assert node.process.pid not in pids()


def test_a_change_that_nobody_has_told_is_seen_as_waiting(place: Place) -> None:
    """In a transaction that is never committed: the relay would tell it at once."""
    with transaction.atomic(using="sweep"):
        for seconds in (30, 5):
            waiting = OutboxEntry(organization_id=place.environment.organization_id, kind="none", revision=0)
            waiting.subject_id, waiting.created_at = new_uuid(), clock.now() - timedelta(seconds=seconds)
            waiting.save(using="sweep")
        books = seen_books(clock.now())
        text = generate_latest(REGISTRY).decode()
        transaction.set_rollback(True, using="sweep")
    assert books is not None
    assert books.outbox.waiting >= 2
    assert 30 <= books.outbox.oldest_seconds < 90
    assert not re.search(r"^licet_outbox_waiting_entries [01]\.0$", text, re.MULTILINE)


def test_without_the_database_the_rest_is_still_seen() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections["sweep"].settings_dict, "HOST", "/nowhere")
        connections["sweep"].close()
        assert seen_books(clock.now()) is None
        status = seen()
    connections["sweep"].close()
    unknown = [part.name for part in status.parts if part.state is State.UNKNOWN]
    assert unknown == ["Relay", "Counters", "Usage log", "Partitions"]


@pytest.mark.parametrize("away", [redis_away, redis_silent], ids=["nobody there", "silent"])
def test_without_redis_the_rest_is_still_seen(away: Callable[[], AbstractContextManager[None]]) -> None:
    with away():
        status = seen()
        assert seen_planes() is None
        assert queue_lengths() is None
    by_redis = [part for part in status.parts if part.name not in BY_DATABASE]
    assert [part.name for part in by_redis if part.state is State.BAD] == ["Redis", "Worker and beat"]
    assert [part.name for part in by_redis if part.state is State.UNKNOWN] == ["Verify", "Facts", "Relay", "Drain"]
    assert len(by_redis) + len(BY_DATABASE) == len(status.parts)
    assert not [part for part in status.parts if part.name in BY_DATABASE and part.state is State.UNKNOWN]
    assert status.nodes is None


def test_what_is_no_node_of_this_version_is_left_out() -> None:
    client().hset(nodes.TOLD_KEY, "strange", b"\xc1")
    client().zadd(nodes.SEEN_KEY, {"strange": time.time() * 1000, "gone": time.time() * 1000})
    try:
        names = {one.node.name for one in seen().nodes or ()}
    finally:  # others look at all that is told
        client().hdel(nodes.TOLD_KEY, "strange")
        client().zrem(nodes.SEEN_KEY, "strange", "gone")
    assert names
    assert not names & {"strange", "gone"}


def test_worker_and_beat_do_their_rounds_by_themselves() -> None:
    def round_seconds() -> float:
        planes = seen_planes()
        return math.inf if planes is None or planes.round_seconds is None else planes.round_seconds

    until(lambda: round_seconds() < 2 * ROUND_SECONDS, 3 * ROUND_SECONDS)


def test_a_round_is_dated_by_the_clock_of_redis() -> None:
    note_round()
    planes = seen_planes()
    assert planes is not None
    assert planes.round_seconds is not None
    assert 0 <= planes.round_seconds < 5


def test_tasks_that_nobody_takes_are_counted() -> None:
    before = client().llen("webhooks")
    client().rpush("webhooks.of.another.name", "x")
    lengths = queue_lengths()
    client().delete("webhooks.of.another.name")
    assert lengths is not None
    assert set(lengths) == set(QUEUES)
    assert lengths["webhooks"] == before


def test_the_control_plane_tells_it_all_to_prometheus(place: Place) -> None:
    text = place.api.get("/metrics").text
    for name in ("licet_outbox_waiting_entries", "licet_verify_nodes", "licet_relay_silent_seconds"):
        assert f"{name} " in text
    assert 'licet_queue_waiting_tasks{queue="sweeps"}' in text


def test_the_operator_is_told_hosts_too(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(SystemExit):
        call_command("system_status")
    told = capsys.readouterr().out
    assert "Redis: " in told
    assert f" on {socket.gethostname()}, process " in told


def test_the_command_fails_when_a_part_is_bad(capsys: pytest.CaptureFixture[str]) -> None:
    with redis_away(), pytest.raises(SystemExit):
        call_command("system_status")
    assert "BAD      Redis: Does not answer within a second." in capsys.readouterr().out
