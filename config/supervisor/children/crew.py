"""All children of one supervisor: started, watched, restarted, and stopped in the order that loses nothing."""

import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from config.supervisor.children.launch import REFUSED
from config.supervisor.children.program import Child, Program
from config.supervisor.log import Log
from config.supervisor.trouble import CannotStart, StopAsked

KEEPER = str(Path(__file__).with_name("keeper.py"))
MARK = "LICET_SUPERVISOR_RUN"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 10.0  # for each rank; then its groups are killed
SAME_WISH_SECONDS = 1.0  # a terminal and make may both pass one Ctrl-C on
KEEPER_SECONDS = 8.0  # it gives what is left 5


class Crew:
    """Starts children from the main thread only (see the package) and waits for them in `pump`."""

    def __init__(self, log: Log, lock: int) -> None:
        self.log, self._lock = log, lock
        self.children: list[Child] = []
        self._mark = (MARK, secrets.token_hex(16))
        self._selector = selectors.DefaultSelector()
        self._asked, self._asked_at, self._stopping = 0, float("-inf"), False

    def __enter__(self) -> Self:
        self._wake, alarm = socket.socketpair()
        self._wake.setblocking(False)
        alarm.setblocking(False)
        self._alarm = alarm
        self._selector.register(self._wake, selectors.EVENT_READ)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes the selector
        self._start_keeper()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        try:
            self.stop()
        finally:
            self._news.close()
            self._keeper.wait(timeout=KEEPER_SECONDS)
            signal.set_wakeup_fd(-1)
            self._wake.close()
            self._alarm.close()
            self._selector.close()

    def start(self, program: Program) -> Child:
        child = Child(program, self.log, self._mark)
        self.children.append(child)
        self._launch(child)
        return child

    def run(self, program: Program, seconds: float) -> Child:
        """Runs a program to its end; refuses to go on if it takes longer or fails."""
        child = self.start(program)
        self.wait(lambda: child.exits > 0, seconds, f"`{program.name}` did not finish")
        if child.status != 0:
            message = f"`{program.name}` failed: {child.last_words()}"
            raise CannotStart(message)
        return child

    def wait(self, until: Callable[[], bool], seconds: float, complaint: str) -> None:
        patience_ends = time.monotonic() + seconds
        while not until():
            if time.monotonic() > patience_ends:
                message = f"{complaint} within {seconds:.0f} s."
                raise CannotStart(message)
            self.pump(0.02)

    def pump(self, seconds: float) -> None:
        """Passes on output, restarts the dead; at most `seconds`. Raises StopAsked when a signal asked for it."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._drain_wake()
            elif not key.data.read():
                self._selector.unregister(key.fileobj)
        for child in self.children:
            if child.has_ended():
                self._bury(child)
            elif child.is_due() and not self._stopping:
                self._launch(child)
        if self._keeper.poll() is not None and not self._stopping:
            self._start_keeper()
        if self._asked and not self._stopping:
            raise StopAsked

    def stop(self) -> None:
        """Applications first, then servers in the reverse order of their start. A second signal kills at once."""
        servers = [child for child in self.children if child.program.is_server and child.process]
        applications = [child for child in self.children if not child.program.is_server and child.process]
        for rank in (applications, *([server] for server in reversed(servers))):
            self._stop_rank(rank)

    def _stop_rank(self, rank: Sequence[Child]) -> None:
        for child in rank:
            child.hushed = child.program.is_server
            child.ask_to_stop()
        patience_ends = time.monotonic() + STOP_SECONDS
        while any(child.process for child in rank):
            if time.monotonic() > patience_ends or self._asked > 1:
                for child in rank:
                    child.signal_group(signal.SIGKILL)
            self.pump(0.1)

    def _launch(self, child: Child) -> None:
        child.start()
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self._tell(f"+{child.pid} {int(child.program.orphan_signal)}\n")

    def _bury(self, child: Child) -> None:
        pid, output = child.pid, child.output
        if output in self._selector.get_map():
            self._selector.unregister(output)
        child.bury()
        self._tell(f"-{pid}\n")
        if child.status == REFUSED and child.exits == 1 and not self._stopping:
            raise CannotStart(child.last_words())
        if child.program.restarts and not self._stopping and not child.hushed:
            delay = child.due - time.monotonic()
            self.log.progress(f"{child.program.name} stopped ({child.how_it_ended()}); again in {delay:.1f} s")

    def _start_keeper(self) -> None:
        """Starts the keeper, or another one where it was killed, and names every running child to it."""
        reader, writer = os.pipe()
        self._news = os.fdopen(writer, "wb", buffering=0)
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", KEEPER, str(reader), "=".join(self._mark)],
            pass_fds=(reader, self._lock),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reader)
        for child in self.children:
            if child.process:
                self._tell(f"+{child.pid} {int(child.program.orphan_signal)}\n")

    def _tell(self, news: str) -> None:
        try:
            self._news.write(news.encode())
        except BrokenPipeError:  # the keeper was killed; `pump` starts another, which is told everything
            return

    def _on_stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        if time.monotonic() - self._asked_at > SAME_WISH_SECONDS:
            self._asked_at = time.monotonic()
            self._asked += 1

    def _drain_wake(self) -> None:
        try:
            while self._wake.recv(4096):
                continue
        except BlockingIOError:
            return
