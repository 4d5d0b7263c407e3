"""Load by wrk from the other core: as many connections as are asked for, each sending as soon as it was answered."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.stage.processes import LOAD_CORE
from benchmarks.stage.verify_server import Server
from benchmarks.stage.world import World

CONNECTIONS = 64
CALLS = Path(__file__).parent / "calls.lua"
LEAST_KEPT = 0.999  # of connections may break; more is no measurement


class Round(NamedTuple):
    """One round against one server; `cpu_us` is the server's own time for a request."""

    requests: int
    per_second: float
    cpu_us: float
    p50_us: float
    p99_us: float


def write_calls(path: Path, world: World, secrets: Iterable[str]) -> Path:
    """One prepared call for each key."""
    with path.open("wb") as written:
        for secret in secrets:
            whole = verify_call(world, secret)
            written.write(b"%d\n%b" % (len(whole), whole))
    return path


def body(secret: str) -> dict[str, object]:
    """The key last: wrk's LuaJIT tells long texts apart by a few of their bytes, the last ones among them."""
    return {"scopes": ["reports:read"], "usage": {"requests": 1}, "key": secret}


def verify_call(world: World, secret: str) -> bytes:
    asked = json.dumps(body(secret), separators=(",", ":")).encode()
    head = (
        "POST /v1/verify HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {world.secret_key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(asked)}\r\n\r\n"
    )
    return head.encode() + asked


def write_one(path: Path, target: str) -> Path:
    """A GET of `target`, again and again."""
    whole = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    path.write_bytes(b"%d\n%b" % (len(whole), whole))
    return path


def load(server: Server, calls: Path, seconds: float, connections: int = CONNECTIONS) -> Round:
    """Raises RuntimeError if anything but 2xx was answered: a refusal is cheaper than an answer."""
    wrk = shutil.which("wrk")
    if wrk is None:
        message = "wrk is not installed: apt-get install wrk"
        raise RuntimeError(message)
    words = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(CALLS)]
    before = server.cpu_seconds()
    ran = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), *words, f"http://127.0.0.1:{server.port}", "--", str(calls)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60 + 2 * seconds,
    )
    cpu = server.cpu_seconds() - before
    told = json.loads(ran.stdout.split("FIGURES ", 1)[1])
    if told["refused"] or told["broken"] > (1 - LEAST_KEPT) * told["requests"]:
        message = f"{server.name} refused {told['refused']} and broke {told['broken']} of {told['requests']} requests."
        raise RuntimeError(message)
    requests = told["requests"]
    return Round(requests, requests / told["seconds"], 1e6 * cpu / requests, told["p50_us"], told["p99_us"])
