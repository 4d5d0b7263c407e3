"""`python -m benchmarks.whole_job`: the whole job by Licet, and by nginx with Lua, on the same core, store and keys.

Each call: JSON in, HMAC of the key, what is known of it, all checks, a rate limit and a quota counted with the log
entry in one atomic step, JSON out. 100,000 keys, each with a license and a customer of its own, by chance.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from benchmarks.command import run
from benchmarks.figures import Bar, Figure, alternating
from benchmarks.peers.nginx_lua import server as peer
from benchmarks.stage.load import Round, compared, load, write_calls
from benchmarks.stage.store import store
from benchmarks.stage.verify_server import Server, ask, verify_server, warm
from benchmarks.stage.world import World, body, fill, forget_calls, forget_counters, logged_calls

PASSING = ("request_id", "decided_at", "rate_limits")  # what differs from one call to the next


def measure(*, seconds: float = 5.0, rounds: int = 3, keys: int = 100_000) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name, ExitStack() as started:
        folder, world = Path(name), World(keys)
        kept = started.enter_context(store(folder))
        fill(kept, world, peer.record_of(world))
        licet = started.enter_context(verify_server(folder, kept, world))
        nginx = started.enter_context(peer.nginx_lua(folder, kept, world))
        warm(licet, world)
        forget_counters(kept)
        refuse_unlike(licet, nginx, world)
        calls = write_calls(folder / "calls", world, world.secrets())

        def of_licet() -> Round:
            forget_calls(kept)
            told = load(licet, calls, seconds)
            refuse_unlogged(licet, told, logged_calls(kept))
            return told

        def of_nginx() -> Round:
            peer.forget_calls(kept)
            told = load(nginx, calls, seconds)
            refuse_unlogged(nginx, told, peer.logged_calls(kept))
            return told

        ours, theirs = alternating(rounds, of_licet, of_nginx)
    return compared("Licet", ours, "nginx + Lua", theirs, Bar(at_least=1.3))


def refuse_unlike(licet: Server, nginx: Server, world: World) -> None:
    """Raises RuntimeError unless both say the same of the same call, in the same bytes but for names and times; of a
    call that is refused, with the same code.
    """
    secret = next(world.secrets())
    question = body(secret)
    one, other = ask(licet, world, question), ask(nginx, world, question)
    if len(one) != len(other) or _lasting(one) != _lasting(other):
        message = f"The answers are not alike:\n{one.decode()}\n{other.decode()}"
        raise RuntimeError(message)
    for wrong, code in (
        ({"key": secret[:-1] + ("0" if secret[-1] != "0" else "1")}, "NOT_FOUND"),
        ({"key": next(World(1, seed=2).secrets())}, "NOT_FOUND"),
        ({"scopes": ["reports:read", "reports:delete"]}, "SCOPE_MISSING"),
        ({"features": ["sso"]}, "FEATURE_NOT_ENTITLED"),
        ({"usage": {"requests": 10**9}}, "QUOTA_EXCEEDED"),
    ):
        told = [_code(ask(server, world, question | wrong)) for server in (licet, nginx)]
        if told != [code, code]:
            message = f"{wrong} should be {code}, and is {told}."
            raise RuntimeError(message)


def refuse_unlogged(server: Server, told: Round, logged: int) -> None:
    """Raises RuntimeError unless each answered call is in the log."""
    if logged < told.requests:
        message = f"{server.name} answered {told.requests} calls and logged {logged}."
        raise RuntimeError(message)


def _code(answer: bytes) -> str:
    code: str = msgspec.json.decode(answer)["code"]
    return code


def _lasting(answer: bytes) -> list[tuple[str, object]]:
    """With their order."""
    return [(name, value) for name, value in msgspec.json.decode(answer).items() if name not in PASSING]


if __name__ == "__main__":
    run(measure, __doc__)
