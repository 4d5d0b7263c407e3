"""`python -m benchmarks.many_keys`: memory for a key in process and store, and calls among few or many of them.

Each key has a license and a customer of its own unless `--keys-per-license` says otherwise.
"""

import re
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from benchmarks.command import run
from benchmarks.figures import Bar, Figure, alternating, ratio
from benchmarks.stage.load import Round, figures, load, write_calls
from benchmarks.stage.store import Store, store
from benchmarks.stage.verify_server import Server, verify_server, warm
from benchmarks.stage.world import World, fill, forget_calls

MILLION = 1_000_000
READS = re.compile(r"^licet_verify_fact_reads_total (\S+)$", re.MULTILINE)


class Place:
    """A store with a world in it, a server that has seen all of its keys, and what both took."""

    def __init__(self, started: ExitStack, folder: Path, world: World) -> None:
        folder.mkdir()
        self.store: Store = started.enter_context(store(folder))
        empty = self.store.used_bytes()
        fill(self.store, world)
        self.store_bytes = self.store.used_bytes() - empty
        self.server: Server = started.enter_context(verify_server(folder, self.store, world))
        fresh = self.server.resident_bytes()
        warm(self.server, world)
        self.server_bytes = self.server.resident_bytes() - fresh
        self._calls = write_calls(folder / "calls", world, world.secrets())

    def asked(self, seconds: float) -> Round:
        forget_calls(self.store)
        return load(self.server, self._calls, seconds)

    def reads(self) -> float:
        """How many facts the server has asked the store for."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/metrics") as told:
            found = READS.search(told.read().decode())
        return float(found[1]) if found else 0.0


def measure(
    *, seconds: float = 5.0, rounds: int = 3, few: int = 1000, many: int = MILLION, keys_per_license: int = 1
) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name, ExitStack() as started:
        small = Place(started, Path(name) / "few", World(few, keys_per_license))
        large = Place(started, Path(name) / "many", World(many, keys_per_license))
        before = large.reads()
        among_few, among_many = alternating(rounds, lambda: small.asked(seconds), lambda: large.asked(seconds))
        read = (large.reads() - before) / sum(one.requests for one in among_many)
    return [
        Figure("keys", many),
        Figure("memory of the server for a key", large.server_bytes / many, "bytes", Bar(at_most=1536)),
        Figure("memory of the store for a million keys", large.store_bytes / many, "MB", Bar(at_most=600)),
        *figures("few keys", among_few),
        *figures("many keys", among_many),
        Figure("facts read from the store for a call", read),
        Figure(
            "ratio of CPU for a call, many keys : few",
            ratio([one.cpu_us for one in among_many], [one.cpu_us for one in among_few]),
        ),
        Figure(
            "ratio of requests, many keys : few",
            ratio([one.per_second for one in among_many], [one.per_second for one in among_few]),
            bar=Bar(0.9, 1.1),
        ),
    ]


if __name__ == "__main__":
    run(measure, __doc__)
