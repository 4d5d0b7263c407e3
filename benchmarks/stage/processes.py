"""Processes of a benchmark: each pinned to one core, its log in a file, ended when the benchmark ends."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0
ENDS_SECONDS = 15.0
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]  # what is measured has the first one for itself
WITH_PARENT = ("setpriv", "--pdeathsig", "TERM")  # whoever kills a benchmark means what it started
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Running:
    """One process; its children count with it where it says so."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until(self, is_ready: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        patience_ends = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > patience_ends:
                message = f"{self.process.args!r} is not ready: {self.log.read_text(errors='replace')}"
                raise RuntimeError(message)
            time.sleep(0.02)

    def cpu_seconds(self) -> float:
        """User and system time of the process and of its living children."""
        return sum(_cpu_seconds(pid) for pid in (self.pid, *_children(self.pid)))

    def resident_bytes(self) -> int:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


@contextmanager
def running(
    words: Sequence[str | Path],
    *,
    core: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    fds: Sequence[int] = (),
) -> Iterator[Running]:
    with log.open("ab") as written:
        process = subprocess.Popen(
            [*WITH_PARENT, "taskset", "-c", str(core), *map(str, words)],  # each becomes the next, under the same pid
            cwd=CLONE,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
        )
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=ENDS_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str = "/") -> bool:
    """Whether an HTTP server there says 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as caller:
            caller.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return caller.recv(64).split(b" ", 2)[1:2] == [b"200"]
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _words(task / "children")]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:  # it ended meanwhile
        return []


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
