"""Outlives the supervisor by seconds, to end every process group it was told of.

Run by path as `python -I -S keeper.py DESCRIPTOR MARK`. Reads lines `+GROUP SIGNAL` and `-GROUP` until end of file,
which comes when the supervisor is gone, however it went. Imports nothing of ours.
"""

import os
import signal
import sys
import time
from pathlib import Path

GRACE_SECONDS = 5.0


def listen(descriptor: int) -> dict[int, int]:
    """The groups still watched when the supervisor's end of the pipe closed, each with the signal to send first."""
    watched: dict[int, int] = {}
    with os.fdopen(descriptor) as news:
        for line in news:
            words = line[1:].split()
            if line[0] == "+":
                watched[int(words[0])] = int(words[1])
            else:
                watched.pop(int(words[0]), None)
    return watched


def reach(group: int, signal_number: int) -> bool:
    """Signals a group; tells whether it still has anyone (0 only asks)."""
    try:
        os.killpg(group, signal_number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def marked(mark: bytes) -> list[int]:
    """Every process that carries the mark in its environment, whatever group or session it moved to."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environ.read_bytes():
                found.append(int(environ.parent.name))
        except OSError:  # gone meanwhile, or another user's
            continue
    return found


def put_down(watched: dict[int, int], mark: bytes) -> None:
    left = [group for group, first in watched.items() if reach(group, first)]
    patience_ends = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < patience_ends:
        time.sleep(0.05)
        left = [group for group in left if reach(group, 0)]
    for group in left:
        reach(group, signal.SIGKILL)
    for pid in marked(mark):
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    put_down(listen(int(sys.argv[1])), sys.argv[2].encode())
