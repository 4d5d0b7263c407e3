"""What lies between the planes in Redis: the facts' state, the relay's heartbeat, verify processes, Celery's rounds.

Timeout 1 s, no retry, no metric of its own; Redis away, nothing is known (None).
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import redis

from licensing.rules.status.facts import SeenFacts
from licensing.rules.status.nodes import SeenNode
from licensing.rules.status.work import ROUND_KEY
from tenants.publishing.facts_store import client
from verify import facts
from verify.facts import StoreState
from verify.ground import nodes

_decode_state = msgspec.msgpack.Decoder(StoreState).decode


class SeenPlanes(NamedTuple):
    """`round_seconds`: since worker and beat did their last round; None if it is not known."""

    facts: SeenFacts
    nodes: list[SeenNode]
    round_seconds: float | None


def seen_planes() -> SeenPlanes | None:
    try:
        with client().pipeline(transaction=False) as pipeline:
            pipeline.mget(facts.STATE_KEY, facts.HEARTBEAT_KEY, ROUND_KEY)
            pipeline.zrange(nodes.SEEN_KEY, 0, -1, withscores=True)
            pipeline.hgetall(nodes.TOLD_KEY)
            pipeline.time()  # last: whatever was read is older
            (state, beat, last_round), seen, told, (seconds, microseconds) = pipeline.execute()
    except redis.RedisError:
        return None
    now = seconds + microseconds / 1_000_000
    return SeenPlanes(
        _facts(state, None if beat is None else now - int(beat) / 1_000_000),
        sorted(_nodes(seen, told, now), key=lambda one: one.node.started_at),
        None if last_round is None else max(0.0, now - int(last_round)),
    )


def _facts(state: bytes | None, beat_seconds: float | None) -> SeenFacts:
    try:
        held = _decode_state(state) if state is not None else None
    except (msgspec.DecodeError, ValueError):
        held = None
    epoch, revision = (None, None) if held is None else (held.epoch, held.revision)
    return SeenFacts(epoch, revision, beat_seconds)


def _nodes(seen: Iterable[tuple[bytes, float]], told: dict[bytes, bytes], now: float) -> Iterable[SeenNode]:
    """What another version told is left out: it is being replaced."""
    for name, milliseconds in seen:
        try:
            node = nodes.decode(told[name])
        except (KeyError, msgspec.DecodeError):
            continue
        yield SeenNode(node, max(0.0, now - milliseconds / 1000))
