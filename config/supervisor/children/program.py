"""One child: what to run, and one run of it after another with back-off between."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config.supervisor.embedded.account import Account
from config.supervisor.log import Log

LAUNCH = str(Path(__file__).with_name("launch.py"))
FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, STEADY_SECONDS = 0.2, 10.0, 10.0
RECOVERED_SECONDS = 2.0
TAIL_LINES = 12
LONGEST_LINE = 16_384  # bytes


@dataclass(frozen=True)
class Program:
    """What to run. `environment` is complete: nothing of the supervisor's own is added but the run's mark."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    cwd: Path = Path("/")
    fds: tuple[int, ...] = ()
    account: Account | None = None
    restarts: bool = True
    is_server: bool = False  # stops after the applications; its lines are logged between its start and its stop only
    stdin: bytes = b""
    stop_signal: int = signal.SIGTERM
    orphan_signal: int = signal.SIGKILL  # what it gets when the supervisor is gone


class Child:
    """A program and its present run, if it has one."""

    def __init__(self, program: Program, log: Log, mark: tuple[str, str]) -> None:
        self.program, self._log, self._mark = program, log, mark
        self.process: subprocess.Popen[bytes] | None = None
        self.exits = 0
        self.status: int | None = None
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.hushed = program.is_server
        self.due = 0.0
        self._delay, self._started, self._partial = FIRST_DELAY_SECONDS, 0.0, b""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def output(self) -> IO[bytes]:
        assert self.process  # noqa: S101 - asked only of a running child
        assert self.process.stdout  # noqa: S101 - always a pipe
        return self.process.stdout

    def start(self) -> None:
        program, account = self.program, self.program.account
        orders = {
            "parent": os.getpid(),
            "signal": int(program.orphan_signal),
            "uid": account.uid if account else None,
            "gid": account.gid if account else None,
            "capability": account.capability if account else None,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", LAUNCH, json.dumps(orders), *program.argv],
            env={**program.environment, self._mark[0]: self._mark[1]},
            cwd=program.cwd,
            pass_fds=program.fds,
            stdin=subprocess.PIPE if program.stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
        os.set_blocking(self.output.fileno(), False)
        if self.process.stdin:
            self.process.stdin.write(program.stdin)  # a few hundred bytes: the pipe takes them at once
            self.process.stdin.close()
        self._started = time.monotonic()

    def read(self) -> bool:
        """Logs what the child wrote since; False at end of file."""
        while True:
            try:
                data = self.output.read(65536)
            except BlockingIOError:
                return True
            if not data:
                return data is None
            *lines, self._partial = (self._partial + data).split(b"\n")
            if len(self._partial) > LONGEST_LINE:
                lines, self._partial = [*lines, self._partial], b""
            for line in lines:
                self._say(line)

    def has_ended(self) -> bool:
        """Whether this run is over. Its pid stays taken until `bury`, so its group can be signalled safely."""
        if self.process is None:
            return False
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def is_due(self) -> bool:
        return self.process is None and self.program.restarts and time.monotonic() >= self.due

    def is_steady(self) -> bool:
        """Runs, and not just because it was restarted a moment ago."""
        seconds = time.monotonic() - self._started
        return self.process is not None and (self.exits == 0 or seconds > RECOVERED_SECONDS)

    def bury(self) -> None:
        """Ends what the run left in its group, reads its last words, and sets the time of the next run."""
        assert self.process  # noqa: S101 - asked only of a child that has ended
        self.signal_group(signal.SIGKILL)
        self.read()
        if self._partial:
            self._say(self._partial)
            self._partial = b""
        self.output.close()
        self.status = self.process.wait(timeout=5)
        self.process = None
        self.exits += 1
        if time.monotonic() - self._started > STEADY_SECONDS:
            self._delay = FIRST_DELAY_SECONDS
        self.due = time.monotonic() + self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)

    def ask_to_stop(self) -> None:
        if self.process:
            os.kill(self.process.pid, self.program.stop_signal)

    def signal_group(self, number: int) -> None:
        if self.process:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):  # not yet a leader, or only the dead leader is left
                os.kill(self.process.pid, number)

    def last_words(self) -> str:
        """The last thing it said, or how it ended."""
        spoken = [line for line in self.tail if line.strip()]
        return spoken[-1].strip() if spoken else f"nothing ({self.how_it_ended()})"

    def how_it_ended(self) -> str:
        if self.status is not None and self.status < 0:
            return f"killed by {signal.Signals(-self.status).name}"
        return f"exit status {self.status}"

    def _say(self, line: bytes) -> None:
        text = line.rstrip(b"\r").decode(errors="replace")
        self.tail.append(text)
        if not self.hushed:
            self._log.line(self.program.name, text)
