"""A real `manage.py up` for tests: its own data directory, free ports, its log in a file."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.running import processes
from tests.running.mail.mailbox import Mailbox

CLONE = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")
ENDS_SECONDS = 30.0
FIRST_PORT, PORTS = 10_000, 11_000  # of every second process that runs tests
_given = set[int]()


def free_port() -> int:
    """Below the range from which the kernel takes ports for outgoing connections, so that it stays free a while; one
    that nobody here was given before, as it may be bound only later.
    """
    first = FIRST_PORT + PORTS * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2)
    while True:
        port = random.SystemRandom().randrange(first, first + PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port


class Running:
    """One supervisor as a process of its own; leaves nothing behind however the test ends."""

    command: Sequence[str] = ("manage.py", "up")

    def __init__(
        self,
        home: Path,
        environment: Mapping[str, str] | None = None,
        *,
        clone: Path = CLONE,
        command: Sequence[str] | None = None,
        user: int | None = None,
        interpreter: str = sys.executable,
    ) -> None:
        self.home, self.port, self.verify_port = home, free_port(), free_port()
        self._interpreter = interpreter
        self._clone, self._user, self._command = clone, user, command or self.command
        self.environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self.environment |= {"LICET_HOME": str(home), "LICET_PORT": str(self.port)}
        self.mailbox = Mailbox(home.with_name(f"{home.name}.mail"))
        self.environment |= {"EMAIL_URL": f"file://{self.mailbox.folder}"}
        self.environment |= {"LICET_VERIFY_PORT": str(self.verify_port), **(environment or {})}
        self._log = home.with_name(f"{home.name}.log")

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [self._interpreter, *self._command],
                cwd=self._clone,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill9()
        assert self.left() == {}

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def log_file(self) -> Path:
        return self._log

    def wait_for(self, text: str, seconds: float = 60.0) -> None:
        """Waits until the log has `text`; shows the log if that never comes."""
        patience_ends = time.monotonic() + seconds
        while text not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < patience_ends, self.log
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to stop; gives its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=ENDS_SECONDS)

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait(timeout=ENDS_SECONDS)

    def pids(self) -> dict[int, str]:
        """Every process of this copy, grandchildren too, with its command line."""
        return processes.mentioning(str(self.home))

    def left(self, seconds: float = 15.0) -> dict[int, str]:
        """What is still there after `seconds`; empty as soon as nothing is."""
        return processes.left_after(seconds, str(self.home))


class Stack(Running):
    """The whole product, ready: `with Stack(tmp_path / "home") as stack: stack.bootstrap["secret_key"]`."""

    ready_seconds = 120.0

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill9()
            raise
        return self

    def wait_until_ready(self) -> None:
        self.wait_for("both planes are ready", self.ready_seconds)
        self.bootstrap: dict[str, Any] = json.loads((self.home / "bootstrap.json").read_text())
