"""What each verify process tells of itself, once a second, in Redis: for those who look at the whole system.

Not under the prefix of facts, which all of them are told of. Fields may be added at the end with a default.
"""

from pathlib import Path

import msgspec

SEEN_KEY = "{nodes}:seen"  # sorted set: names by the milliseconds, Redis's own, at which they told something last
TOLD_KEY = "{nodes}:told"  # hash: Node by name
TELL_SECONDS = 1.0
REMEMBER_SECONDS = 60  # how long one that fell silent is still shown
SCRIPT = (Path(__file__).parent / "tell_node.lua").read_text()


class Node(msgspec.Struct, frozen=True, array_like=True):
    """One process. `started_at` is in milliseconds since 1970 UTC by its own clock; rates, quantiles and `warm` are of
    the last minute. None: not known, or nothing happened.

    `warm`: the share of verdicts whose facts were all held. `heartbeat_seconds`: how long ago the relay was heard.
    """

    name: str
    host: str
    pid: int
    started_at: int
    calls_per_second: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    warm: float | None
    facts_held: int
    trusted: bool
    links_lost: int
    propagation_ms: float | None
    heartbeat_seconds: float | None
    refused_per_second: float = 0.0
    clock_skew_ms: float | None = None  # its clock less Redis's
    spooled: int | None = None  # calls on its disk that wait to be told


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Node).decode  # raises msgspec.DecodeError of what another version wrote
