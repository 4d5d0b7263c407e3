"""The one log: progress of the start, and every child's lines behind its name.

A thread writes, so that a terminal that stopped reading never holds up the supervisor, and through it a child's
pipe. What does not fit the queue is counted and dropped.
"""

import os
import queue
import threading
import time
from typing import TextIO

QUEUED_LINES = 5000
NAME_WIDTH = 8
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)


class Log:
    def __init__(self, stream: TextIO) -> None:
        self._descriptor = stream.fileno()
        self._started = time.monotonic()
        self._lines: queue.Queue[str | None] = queue.Queue(QUEUED_LINES)
        self._dropped = 0
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._writer.start()

    def line(self, name: str, text: str) -> None:
        """One line of a child."""
        label = f"{name:<{NAME_WIDTH}} |"
        if self._coloured:
            label = f"\x1b[{COLOURS[sum(name.encode()) % len(COLOURS)]}m{label}\x1b[0m"
        self._put(f"{label} {text}")

    def progress(self, text: str) -> None:
        """One step of the supervisor, with the seconds since it began."""
        self._put(f"[{time.monotonic() - self._started:4.1f} s] {text}")

    def plain(self, text: str) -> None:
        self._put(text)

    def close(self) -> None:
        """Writes out what is queued; gives up after two seconds if nobody reads."""
        try:
            self._lines.put(None, timeout=2)
        except queue.Full:
            return
        self._writer.join(timeout=2)

    def _put(self, text: str) -> None:
        try:
            if self._dropped:
                self._lines.put_nowait(f"({self._dropped} lines were dropped: nobody read this log)")
                self._dropped = 0
            self._lines.put_nowait(text)
        except queue.Full:
            self._dropped += 1

    def _write(self) -> None:
        listening = True
        while (text := self._lines.get()) is not None:
            listening = listening and self._write_out(f"{text}\n".encode(errors="replace"))

    def _write_out(self, rest: bytes) -> bool:
        """Past Python's buffer, whose lock a blocked write would hold until the very exit; False if the reader left."""
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # someone made the terminal non-blocking
                time.sleep(0.02)
            except OSError:  # the children must not notice
                return False
        return True
