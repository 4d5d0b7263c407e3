"""A Redis Cluster of three primaries, on Debian's redis-server."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from tests.running.stack import free_port

SLOTS = 16384
STARTS_SECONDS = 30.0


class Cluster:
    """`with Cluster(folder) as cluster:` it is whole; `client()` finds the right primary by itself."""

    def __init__(self, folder: Path, primaries: int = 3) -> None:
        self.folder, self.ports = folder, [free_port() for _ in range(primaries)]
        self.buses = {port: free_port() for port in self.ports}
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            for port in self.ports:
                self._start(port)
            nodes = [redis.Redis(port=port) for port in self.ports]
            self._until(lambda: all(node.ping() for node in nodes))
            for number, node in enumerate(nodes):
                share = SLOTS * number // len(nodes), SLOTS * (number + 1) // len(nodes) - 1
                _cluster(node, "ADDSLOTSRANGE", *share)
                _cluster(node, "MEET", "127.0.0.1", self.ports[0], self.buses[self.ports[0]])
            self._until(lambda: all(_is_whole(node, len(nodes)) for node in nodes))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
            process.wait(timeout=10)

    def client(self) -> redis.RedisCluster:
        return redis.RedisCluster(host="127.0.0.1", port=self.ports[0])

    def _start(self, port: int) -> None:
        folder = self.folder / str(port)
        folder.mkdir(parents=True)
        words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        words += [
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            str(self.buses[port]),
            "--save",
            "",
            "--appendonly",
            "yes",
        ]
        with (folder / "log").open("wb") as log:
            self.processes.append(subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def _until(self, is_so: Callable[[], bool]) -> None:
        patience_ends = time.monotonic() + STARTS_SECONDS
        while True:
            with suppress(redis.RedisError):
                if is_so():
                    return
            assert time.monotonic() < patience_ends, "the cluster does not come up"
            time.sleep(0.05)


def _is_whole(node: redis.Redis, primaries: int) -> bool:
    told = _cluster(node, "INFO").decode()
    return "cluster_state:ok" in told and f"cluster_known_nodes:{primaries}" in told


def _cluster(node: redis.Redis, *words: str | int) -> Any:
    return node.execute_command("CLUSTER", *words)  # type: ignore[no-untyped-call]  # redis leaves it untyped
