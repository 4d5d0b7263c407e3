"""Looks through /proc: which processes belong to a running copy, whatever group, session or parent they have now."""

import os
import time
from pathlib import Path


def mentioning(text: str) -> dict[int, str]:
    """Pid and command line of every living process whose command, working directory or environment has `text`."""
    wanted = os.fsencode(text)
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            seen = [command, os.fsencode((entry / "cwd").readlink()), (entry / "environ").read_bytes()]
        except OSError:  # ended meanwhile, or another user's
            continue
        if state != "Z" and any(wanted in part for part in seen):
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def left_after(seconds: float, text: str) -> dict[int, str]:
    """What still mentions `text` when `seconds` have passed; empty as soon as nothing does."""
    patience_ends = time.monotonic() + seconds
    while (left := mentioning(text)) and time.monotonic() < patience_ends:
        time.sleep(0.05)
    return left
