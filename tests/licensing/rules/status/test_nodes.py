"""What is said of verify processes."""

from typing import Any

import msgspec
import pytest

from licensing.rules.status.nodes import SeenNode, judged, verify
from licensing.rules.status.part import State
from verify.ground.nodes import Node, decode, encode

WELL = Node(
    name="1a2b3c4d",
    host="verify-1",
    pid=7,
    started_at=0,
    calls_per_second=120.0,
    p50_ms=0.4,
    p95_ms=0.9,
    p99_ms=1.4,
    warm=1.0,
    facts_held=10,
    trusted=True,
    links_lost=0,
    propagation_ms=0.6,
    heartbeat_seconds=0.5,
)


def seen(silent_seconds: float = 0.4, **told: Any) -> SeenNode:
    return SeenNode(msgspec.structs.replace(WELL, **told), silent_seconds)


@pytest.mark.parametrize(
    ("one", "state", "said"),
    [
        (seen(), State.OK, ""),
        (seen(propagation_ms=None), State.OK, ""),
        (seen(silent_seconds=5.0), State.BAD, "Silent for 5.0 s"),
        (seen(trusted=False), State.BAD, "Does not hear Redis in time"),
        (seen(clock_skew_ms=-2500.0), State.BAD, "Its clock is -2.5 s from Redis's"),
        (seen(clock_skew_ms=1999.0), State.OK, ""),
        (seen(propagation_ms=1001.0), State.BAD, "more than a second late"),
        (seen(propagation_ms=101.0), State.WARN, "late"),
        (seen(heartbeat_seconds=6.0), State.WARN, "Has not heard the relay for 6.0 s."),
        (seen(heartbeat_seconds=None), State.WARN, "Has not heard the relay yet."),
        (seen(spooled=1), State.WARN, "1 call on its disk"),
    ],
)
def test_each_is_judged_by_what_it_tells(one: SeenNode, state: State, said: str) -> None:
    found = judged(one)
    assert found.state is state
    assert said in found.says
    assert bool(found.says) == (state is not State.OK)


def test_together_they_are_as_the_worst_of_them_and_carry_what_the_living_carry() -> None:
    part = verify([judged(seen()), judged(seen()), judged(seen(silent_seconds=30.0))])
    assert part.state is State.BAD
    assert part.says == "3 processes, 240.0 calls a second in the last minute."
    assert part.advice == "1 of them is not well: see below."


def test_none_at_all_is_bad_and_none_known_is_unknown() -> None:
    assert verify([]).state is State.BAD
    assert verify(None).state is State.UNKNOWN


def test_what_a_node_tells_is_read_by_a_version_that_knows_more_or_less() -> None:
    assert decode(encode(WELL)) == WELL
    told = msgspec.msgpack.decode(encode(WELL))
    assert decode(msgspec.msgpack.encode([*told, "of a later version"])) == WELL
    assert decode(msgspec.msgpack.encode(told[:14])) == WELL  # before rates of refusals, skew and spool
    with pytest.raises(msgspec.DecodeError):
        decode(b"\xc1")
