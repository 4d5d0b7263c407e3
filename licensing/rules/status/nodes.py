"""The verify processes, each by what it tells of itself, and all of them together."""

from collections.abc import Sequence
from typing import NamedTuple

from licensing.rules.status.part import Part, State, counted, lasting, unknown, worst
from verify.ground.nodes import Node

VERIFY = "Verify"
SILENT_SECONDS = 4.0  # it tells once a second
SLOW_NEWS_MS, LATE_NEWS_MS = 100.0, 1000.0  # what is promised of nearly all changes, and of all
UNHEARD_SECONDS = 5.0
MOST_SKEW_MS = 2000.0


class SeenNode(NamedTuple):
    """`silent_seconds`: since it told `node`, by Redis's clock."""

    node: Node
    silent_seconds: float


class JudgedNode(NamedTuple):
    """`is_silent`: its numbers are not of now."""

    node: Node
    state: State
    says: str
    is_silent: bool


def judged(seen: SeenNode) -> JudgedNode:
    is_silent = seen.silent_seconds > SILENT_SECONDS
    for is_so, state, says in _complaints(seen.node, seen.silent_seconds):
        if is_so:
            return JudgedNode(seen.node, state, says, is_silent)
    return JudgedNode(seen.node, State.OK, "", is_silent)


def _complaints(node: Node, silent_seconds: float) -> list[tuple[bool, State, str]]:
    skew, news, unheard = node.clock_skew_ms or 0.0, node.propagation_ms or 0.0, node.heartbeat_seconds or 0.0
    return [
        (
            silent_seconds > SILENT_SECONDS,
            State.BAD,
            f"Silent for {lasting(silent_seconds)}: it died, or cannot reach Redis.",
        ),
        (not node.trusted, State.BAD, "Does not hear Redis in time, and reads every fact anew."),
        (abs(skew) > MOST_SKEW_MS, State.BAD, f"Its clock is {skew / 1000:+.1f} s from Redis's: set it right."),
        (news > LATE_NEWS_MS, State.BAD, "Hears of changes more than a second late."),
        (news > SLOW_NEWS_MS, State.WARN, "Hears of changes late; is its machine overloaded?"),
        (
            node.heartbeat_seconds is None or unheard > UNHEARD_SECONDS,
            State.WARN,
            f"Has not heard the relay for {lasting(unheard)}." if unheard else "Has not heard the relay yet.",
        ),
        (bool(node.spooled), State.WARN, f"{counted(node.spooled or 0, 'call')} on its disk, to be counted later."),
    ]


def verify(judged: Sequence[JudgedNode] | None) -> Part:
    """None: Redis does not say who there is."""
    if judged is None:
        return unknown(VERIFY, "Redis does not say which processes there are; ask their /readyz.")
    if not judged:
        return Part(VERIFY, State.BAD, "No process tells of itself.", "Start python -m verify.service; read its log.")
    state = worst(one.state for one in judged)
    unwell = sum(one.state is not State.OK for one in judged)
    calls = sum(one.node.calls_per_second for one in judged if not one.is_silent)
    says = f"{counted(len(judged), 'process', 'processes')}, {calls:,.1f} calls a second in the last minute."
    if not unwell:
        return Part(VERIFY, state, says)
    return Part(VERIFY, state, says, f"{unwell:,} of them {'is' if unwell == 1 else 'are'} not well: see below.")
