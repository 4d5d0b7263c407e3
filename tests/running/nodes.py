"""More processes of the product for a test: verify nodes with a port each, a control plane that may die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.running.clients import plain_client
from tests.running.stack import CLONE, free_port

READY_SECONDS = 60.0


@dataclass
class Node:
    """One process and where it listens."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def is_ready(self) -> bool:
        try:
            with plain_client(self.url, timeout=5) as client:
                return client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        patience_ends = time.monotonic() + seconds
        while not self.is_ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < patience_ends, f"not ready: {self.log.read_text()}"
            time.sleep(0.02)

    def counter(self, name: str) -> float:
        """The value of a counter without labels on /metrics."""
        with plain_client(self.url, timeout=5) as client:
            lines = client.get("/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


@contextmanager
def running(
    words: list[str], url: str, log: Path, environment: Mapping[str, str], *, fds: tuple[int, ...] = ()
) -> Iterator[Node]:
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=CLONE,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
        )
    try:
        yield Node(process, url, log)
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


@contextmanager
def verify_nodes(
    count: int, folder: Path, environment: Mapping[str, str] | None = None, *, server: str = "licet"
) -> Iterator[list[Node]]:
    """Ready verify processes on the same facts as this test process's copy."""
    with ExitStack() as started:
        nodes = []
        for number in range(count):
            port = free_port()
            words = ["-m", "verify.service", "--port", str(port), "--server", server]
            log = folder / f"verify-{number}.log"
            nodes.append(started.enter_context(running(words, f"http://127.0.0.1:{port}", log, environment or {})))
        for node in nodes:
            node.wait_until_ready()
        yield nodes


@contextmanager
def control_plane(
    folder: Path, environment: Mapping[str, str] | None = None, *, ready_seconds: float = READY_SECONDS
) -> Iterator[Node]:
    """A control plane beside the copy's own, on the same database."""
    port = free_port()
    words = ["-m", "uvicorn", "config.asgi:application", "--port", str(port), "--no-access-log", "--lifespan", "off"]
    with running(words, f"http://127.0.0.1:{port}", folder / "web.log", environment or {}) as node:
        node.wait_until_ready(ready_seconds)
        yield node
