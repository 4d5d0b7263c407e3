"""`python -m benchmarks.constant`: the whole job, and a constant answered by the same server.

Saturated by 64 connections, and at half of what each took so: 256 connections that rest between their calls.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.command import run
from benchmarks.figures import Bar, Figure, alternating, median, ratio
from benchmarks.stage.load import Round, figures, load, write_calls, write_one
from benchmarks.stage.store import store
from benchmarks.stage.verify_server import verify_server, warm
from benchmarks.stage.world import World, fill, forget_calls

RESTING = 256


def measure(*, seconds: float = 5.0, rounds: int = 3, keys: int = 100_000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name, ExitStack() as started:
        folder, world = Path(name), World(keys)
        kept = started.enter_context(store(folder))
        fill(kept, world)
        server = started.enter_context(verify_server(folder, kept, world))
        warm(server, world)
        calls, constant = (
            write_calls(folder / "calls", world, world.secrets()),
            write_one(folder / "constant", "/livez"),
        )

        def saturated(what: Path) -> Round:
            forget_calls(kept)
            return load(server, what, seconds)

        whole, bare = alternating(rounds, lambda: saturated(calls), lambda: saturated(constant))

        def half(what: Path, full: list[Round]) -> Round:
            forget_calls(kept)
            per_second = median([one.per_second for one in full]) / 2
            return load(server, what, seconds, connections=RESTING, per_second=per_second)

        calm, calm_bare = alternating(rounds, lambda: half(calls, whole), lambda: half(constant, bare))
    return [
        *figures("whole job", whole),
        *figures("constant", bare),
        *figures("whole job at half", calm),
        *figures("constant at half", calm_bare),
        Figure(
            "ratio of p99 at half, whole job : constant",
            ratio([one.p99_us for one in calm], [one.p99_us for one in calm_bare]),
            bar=Bar(at_most=3),
        ),
        Figure(
            "ratio of requests, whole job : constant",
            ratio([one.per_second for one in whole], [one.per_second for one in bare]),
            bar=Bar(at_least=0.4),
        ),
    ]


if __name__ == "__main__":
    run(measure, __doc__)
