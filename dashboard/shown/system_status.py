"""What a verify process tells of itself, as pages show it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from licensing.rules.status.nodes import JudgedNode
from licensing.rules.status.part import lasting
from verify.answer import EPOCH

UNKNOWN, NO_BREAK = "\N{EN DASH}", "\N{NO-BREAK SPACE}"


class ShownNode(NamedTuple):
    """Numbers as texts; what is not known is a dash. `latencies` and `news` are in milliseconds."""

    name: str
    state: str
    says: str
    calls: str
    latencies: str
    facts: int
    warm: str
    news: str
    links_lost: int
    up: str


def shown_node(judged: JudgedNode, now: datetime) -> ShownNode:
    """`up` is by two clocks, the node's at its start and ours now."""
    node = judged.node
    started_at = EPOCH + timedelta(milliseconds=node.started_at)
    return ShownNode(
        name=node.name,
        state=judged.state,
        says=judged.says,
        calls=f"{node.calls_per_second:,.1f}",
        latencies=f"{NO_BREAK}·{NO_BREAK}".join(map(milliseconds, (node.p50_ms, node.p95_ms, node.p99_ms))),
        facts=node.facts_held,
        warm=UNKNOWN if node.warm is None else f"{100 * node.warm:.0f}{NO_BREAK}%",
        news=milliseconds(node.propagation_ms),
        links_lost=node.links_lost,
        up=lasting((now - started_at).total_seconds()).replace(" ", NO_BREAK),
    )


def milliseconds(value: float | None) -> str:
    """Two digits that matter: `0.35`, `1.2`, `120`."""
    if value is None:
        return UNKNOWN
    digits = 2 if value < 1 else 1 if value < 10 else 0  # noqa: PLR2004 - as said
    return f"{value:.{digits}f}"
