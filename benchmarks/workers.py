"""`python -m benchmarks.workers`: the processor's time for 1,000 calls with two workers, and with one.

On two cores, of which one carries the load and the store, two workers cannot answer twice as much; what they must not
do is to cost more.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.command import run
from benchmarks.figures import Bar, Figure, alternating, median, ratio
from benchmarks.stage.load import Round, load, write_calls
from benchmarks.stage.store import store
from benchmarks.stage.verify_server import Server, verify_server, warm
from benchmarks.stage.world import World, fill, forget_calls


def measure(*, seconds: float = 5.0, rounds: int = 3, keys: int = 10_000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name, ExitStack() as started:
        folder, world = Path(name), World(keys)
        kept = started.enter_context(store(folder))
        fill(kept, world)
        one = started.enter_context(verify_server(folder, kept, world))
        two = started.enter_context(verify_server(folder, kept, world, workers=2))
        calls = write_calls(folder / "calls", world, world.secrets())

        def asked(server: Server) -> Round:
            forget_calls(kept)
            return load(server, calls, seconds)

        for server in (one, two, two):
            warm(server, world)  # whichever worker answers knows the key then; the first round is not counted either
            asked(server)
        alone, both = alternating(rounds, lambda: asked(one), lambda: asked(two))
    return [
        Figure("one worker: CPU for 1,000 calls", median([told.cpu_us for told in alone]) / 1000, "s"),
        Figure("two workers: CPU for 1,000 calls", median([told.cpu_us for told in both]) / 1000, "s"),
        Figure("one worker: requests", median([told.per_second for told in alone]), "/s"),
        Figure("two workers: requests", median([told.per_second for told in both]), "/s"),
        Figure(
            "ratio of CPU for a call, two workers : one",
            ratio([told.cpu_us for told in both], [told.cpu_us for told in alone]),
            bar=Bar(at_most=1.1),
        ),
    ]


if __name__ == "__main__":
    run(measure, __doc__)
