"""A private Valkey with the settings of the embedded one, reached through a socket alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from benchmarks.stage.processes import LOAD_CORE, Running, running
from config.supervisor.embedded.valkey import SETTINGS, binary

SOCKET = "store.sock"
# A rewrite of the append-only file would fall into some round and not into another.
MEASURED = {"auto-aof-rewrite-percentage": "0"}


class Store:
    def __init__(self, running: Running, socket: Path) -> None:
        self.running, self.socket = running, socket
        self.url = f"unix://{socket}?db=0"
        self.client: Any = redis.Redis(unix_socket_path=str(socket))

    def is_ready(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def used_bytes(self) -> int:
        return int(self.client.info("memory")["used_memory"])


@contextmanager
def store(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Store]:
    data, socket = folder / "store", folder / SOCKET
    data.mkdir()
    told = {**SETTINGS, **MEASURED, "dir": str(data), "unixsocket": str(socket), **(settings or {})}
    words = [str(binary()), *(word for name, value in told.items() for word in (f"--{name}", value))]
    with running(words, core=LOAD_CORE, log=folder / "store.log") as process:
        found = Store(process, socket)
        process.wait_until(found.is_ready)
        yield found
