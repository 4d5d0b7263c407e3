"""Whom the embedded servers run as: yourself, or under root an unprivileged user, since PostgreSQL refuses root.

A clone or data directory below a folder that only root may enter is out of that user's reach. Nothing is opened for
it: the server keeps the one capability that lets it walk paths, and only where a folder is in fact closed.
"""

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.supervisor.trouble import CannotStart

CAP_DAC_OVERRIDE = 1  # linux/capability.h
CAP_DAC_READ_SEARCH = 2
ANSWER = "start as an ordinary user instead"


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    capability: int | None = None


def for_servers(data: Iterable[Path], binaries: Iterable[Path]) -> Account | None:
    """None for an ordinary user; under root the owner of existing data, by default `nobody`."""
    if os.geteuid() != 0:
        return None
    uid, gid = _owner(data)
    programs = list(binaries)
    folders = {parent for path in (*data, *programs) for parent in path.resolve().parents}
    if not all(_may_execute(program, uid, gid) for program in programs):
        return Account(uid, gid, _first_held(CAP_DAC_OVERRIDE))
    if not all(_may_execute(folder, uid, gid) for folder in folders):
        return Account(uid, gid, _first_held(CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE))
    return Account(uid, gid)


def hand_over(directory: Path, account: Account | None) -> None:
    """Gives a directory that the supervisor made, and all in it, to the servers' user."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if account is None or directory.lstat().st_uid == account.uid:
        return
    for folder, _, files in os.walk(directory):
        for name in files:
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
        os.chown(folder, account.uid, account.gid)


def _owner(data: Iterable[Path]) -> tuple[int, int]:
    for path in data:
        if path.exists() and path.stat().st_uid != 0:
            return path.stat().st_uid, path.stat().st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        message = f"PostgreSQL refuses to run as root and this machine has no user `nobody`; {ANSWER}."
        raise CannotStart(message) from None
    return nobody.pw_uid, nobody.pw_gid


def _may_execute(path: Path, uid: int, gid: int) -> bool:
    """Whether the mode bits let this user enter a folder or run a file."""
    found = path.stat()
    if found.st_uid == uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _first_held(*wanted: int) -> int:
    """The first capability that this process has and may pass on (permitted and in the bounding set)."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    held = int(status["CapPrm"], 16) & int(status["CapBnd"], 16)
    for capability in wanted:
        if held >> capability & 1:
            return capability
    message = f"PostgreSQL refuses to run as root, and here root may not let another user into its folders; {ANSWER}."
    raise CannotStart(message)
