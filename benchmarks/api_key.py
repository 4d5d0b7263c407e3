"""`python -m benchmarks.api_key`: Licet's whole job, and a bare look-up of a key by Django and an API-key package.

The peer only looks whether it knows the key; it counts, limits and logs nothing, and has fewer keys to look among.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.command import run
from benchmarks.figures import Bar, Figure, alternating
from benchmarks.peers.django_api_key import server as peer
from benchmarks.stage.load import Round, compared, load, write_calls
from benchmarks.stage.store import store
from benchmarks.stage.verify_server import verify_server, warm
from benchmarks.stage.world import World, fill, forget_calls


def measure(*, seconds: float = 5.0, rounds: int = 3, keys: int = 10_000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name, ExitStack() as started:
        folder, world = Path(name), World(keys)
        kept = started.enter_context(store(folder))
        fill(kept, world)
        licet = started.enter_context(verify_server(folder, kept, world))
        warm(licet, world)
        calls, their_calls = write_calls(folder / "calls", world, world.secrets()), peer.write_calls(folder, keys)
        django = started.enter_context(peer.django_api_key(folder))

        def of_licet() -> Round:
            forget_calls(kept)
            return load(licet, calls, seconds)

        ours, theirs = alternating(rounds, of_licet, lambda: load(django, their_calls, seconds))
    return compared("Licet", ours, "Django + api-key", theirs, Bar(at_least=20))


if __name__ == "__main__":
    run(measure, __doc__)
