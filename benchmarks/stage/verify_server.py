"""The verify service as it is run, on a core of its own, and any other server that is measured beside it."""

import http.client
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.stage.processes import SERVER_CORE, Running, answers, running
from benchmarks.stage.store import Store
from benchmarks.stage.world import World, body
from config.env import Env
from config.supervisor.ports import listen
from verify.request import MOST_REQUESTS

MOST_LOGGED = 100_000_000  # no drain reads the log here; each round empties it
ANY_PORTS = Env({"LICET_PORT": "0", "LICET_VERIFY_PORT": "0"})
FACTS_OF_A_KEY, SHARED_FACTS = 3, 1000
BATCH = MOST_REQUESTS
ASKING = 4  # connections that warm a server
TRIES = 50  # a server that is busy with what others ask says 503


class Server(NamedTuple):
    """What is asked, where it listens on 127.0.0.1, its processes, and the store that it asks, if any."""

    name: str
    port: int
    processes: list[Running]
    store: Running | None = None

    def cpu_seconds(self) -> float:
        return sum(process.cpu_seconds() for process in self.processes)

    def resident_bytes(self) -> int:
        return sum(process.resident_bytes() for process in self.processes)


@contextmanager
def verify_server(folder: Path, store: Store, world: World, *, workers: int = 1) -> Iterator[Server]:
    """`workers` processes on one listening socket, as the supervisor opens it."""
    environment = {
        "REDIS_URL": store.url,
        "LICET_PEPPERS": world.peppers,
        "LICET_LOG_CAP": str(MOST_LOGGED),
        "LICET_FACTS_CAP": str(FACTS_OF_A_KEY * world.keys + SHARED_FACTS),
        "LICET_MODE": "development",
    }
    if workers > 1:
        metrics = folder / f"metrics-{workers}"
        metrics.mkdir()
        environment["LICET_METRICS_FOLDER"] = str(metrics)
    with ExitStack() as started:
        door = started.enter_context(listen(ANY_PORTS)).verify
        words = [sys.executable, "-m", "verify.service", "--fd", str(door.socket.fileno())]
        processes = [
            started.enter_context(
                running(
                    words,
                    core=SERVER_CORE,
                    log=folder / f"verify-{workers}-{number}.log",
                    environment=environment,
                    fds=[door.socket.fileno()],
                )
            )
            for number in range(workers)
        ]
        for process in processes:
            process.wait_until(lambda: answers(door.port, "/readyz"))
        yield Server("Licet", door.port, processes, store.running)


def warm(server: Server, world: World) -> None:
    """Asks for every key once, as it will be asked, so that its facts are in memory."""
    with ThreadPoolExecutor(ASKING) as several:
        for _ in several.map(lambda some: _ask(server, world, some), _parts(world.secrets(), world.keys)):
            pass


def ask(server: Server, world: World, question: object, path: str = "/v1/verify") -> bytes:
    """One answer; raises RuntimeError unless it is 200."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as line:
        return _post(line, world, question, path)


def _ask(server: Server, world: World, secrets: list[str]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as line:
        for start in range(0, len(secrets), BATCH):
            questions = [body(secret) for secret in secrets[start : start + BATCH]]
            answer = _post(line, world, questions, "/v1/verify/batch")
            if any(not one["valid"] for one in json.loads(answer)):
                message = f"{server.name} does not know every key: {answer[:500]!r}"
                raise RuntimeError(message)


def _post(line: http.client.HTTPConnection, world: World, question: object, path: str) -> bytes:
    headers = {"Authorization": f"Bearer {world.secret_key}", "Content-Type": "application/json"}
    for _ in range(TRIES):
        line.request("POST", path, json.dumps(question), headers)
        answer = line.getresponse()
        told = answer.read()
        if answer.status == http.client.OK:
            return told
        if answer.status != http.client.SERVICE_UNAVAILABLE:
            break
    message = f"{path} was answered with {answer.status}: {told[:500]!r}"
    raise RuntimeError(message)


def _parts(secrets: Iterator[str], count: int) -> Iterator[list[str]]:
    size = max(BATCH, -(-count // ASKING))
    while some := list(islice(secrets, size)):
        yield some
