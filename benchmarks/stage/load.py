"""Load by wrk from the other core: as many connections as are asked for, each sending as soon as it was answered."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Bar, Figure, median, ratio
from benchmarks.stage.processes import LOAD_CORE, WITH_PARENT
from benchmarks.stage.verify_server import Server
from benchmarks.stage.world import World, body

CONNECTIONS = 64
CALLS = Path(__file__).parent / "calls.lua"
LEAST_KEPT = 0.999  # of connections may break; more is no measurement


class Round(NamedTuple):
    """One round against one server; `cpu_us` is the server's own time for a request, `store_us` that of its store."""

    requests: int
    per_second: float
    cpu_us: float
    store_us: float
    p50_us: float
    p99_us: float


def write_calls(path: Path, world: World, secrets: Iterable[str]) -> Path:
    """One prepared call for each key."""
    authorization = f"Bearer {world.secret_key}"
    with path.open("wb") as written:
        written.writelines(prepared(authorization, body(secret)) for secret in secrets)
    return path


def prepared(authorization: str, asked: object) -> bytes:
    """A call as calls.lua reads it."""
    content = json.dumps(asked, separators=(",", ":"))
    head = f"POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return _with_length(head + content)


def _with_length(call: str) -> bytes:
    return f"{len(call)}\n{call}".encode()


def compared(name: str, ours: Sequence[Round], other: str, theirs: Sequence[Round], bar: Bar) -> list[Figure]:
    """Both one by one, the ratio of their own time for a request, and of their requests: that is what has the bar."""
    leaner = ratio([one.cpu_us for one in theirs], [one.cpu_us for one in ours])
    faster = ratio([one.per_second for one in ours], [one.per_second for one in theirs])
    return [
        *figures(name, ours),
        *figures(other, theirs),
        Figure(f"ratio of CPU for a request, {other} : {name}", leaner),
        Figure(f"ratio of requests, {name} : {other}", faster, bar=bar),
    ]


def figures(name: str, several: Sequence[Round]) -> list[Figure]:
    return [
        Figure(f"{name}: requests", median([one.per_second for one in several]), "/s"),
        Figure(f"{name}: CPU for a request", median([one.cpu_us for one in several]), "µs"),
        Figure(f"{name}: the store's CPU for a request", median([one.store_us for one in several]), "µs"),
        Figure(f"{name}: p50", median([one.p50_us for one in several]), "µs"),
        Figure(f"{name}: p99", median([one.p99_us for one in several]), "µs"),
    ]


def write_one(path: Path, target: str) -> Path:
    """A GET of `target`, again and again."""
    path.write_bytes(_with_length(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    return path


def load(
    server: Server, calls: Path, seconds: float, *, connections: int = CONNECTIONS, per_second: float | None = None
) -> Round:
    """As much as the server takes, or `per_second`: then each connection rests between calls, by chance and on average
    as long as it takes to be so many. Raises RuntimeError if anything but 2xx was answered: a refusal is cheaper.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        message = "wrk is not installed: apt-get install wrk"
        raise RuntimeError(message)
    seconds = max(1, round(seconds))
    words = [*WITH_PARENT, "taskset", "-c", str(LOAD_CORE), wrk]
    words += ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(CALLS)]
    pause = [f"{1000 * connections / per_second:.6f}"] if per_second else []
    before = _cpu_seconds(server)
    ran = subprocess.run(
        [*words, f"http://127.0.0.1:{server.port}", "--", str(calls), *pause],
        capture_output=True,
        text=True,
        check=True,
        timeout=60 + 2 * seconds,
    )
    own, of_store = (after - since for after, since in zip(_cpu_seconds(server), before, strict=True))
    told = json.loads(ran.stdout.split("FIGURES ", 1)[1])
    if told["refused"] or told["broken"] > (1 - LEAST_KEPT) * told["requests"]:
        message = f"{server.name} refused {told['refused']} and broke {told['broken']} of {told['requests']} requests."
        raise RuntimeError(message)
    requests = told["requests"]
    return Round(
        requests,
        requests / told["seconds"],
        1e6 * own / requests,
        1e6 * of_store / requests,
        told["p50_us"],
        told["p99_us"],
    )


def _cpu_seconds(server: Server) -> tuple[float, float]:
    return server.cpu_seconds(), server.store.cpu_seconds() if server.store else 0.0
