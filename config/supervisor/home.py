"""The data directory: private, locked by one `up` at a time, holder of small private files."""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.supervisor.trouble import CannotStart

PRIVATE = 0o700
LONGEST_SOCKET_PATH = 100  # bytes; the kernel takes 107, PostgreSQL makes a temporary name of its own beside it
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
CLEARING_SECONDS = 15.0  # a keeper needs at most 5, then PostgreSQL a moment


def private_directory(path: Path) -> Path:
    """Makes `path` with mode 0700, or finds it so; refuses a link and another user's directory."""
    try:
        path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            message = f"{path} is not a directory of your own; name another one with LICET_HOME."
            raise CannotStart(message)
        if stat.S_IMODE(found.st_mode) != PRIVATE:
            path.chmod(PRIVATE)
    except OSError as error:
        message = f"{path} cannot be used as data directory: {error.strerror}; name another one with LICET_HOME."
        raise CannotStart(message) from error
    return path


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step; only its owner reads it, and a reader never sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def socket_root(home: Path) -> Iterator[Path]:
    """Where `run/`, the directory of sockets, lives: in `home`, or if that is too deep in a short private place."""
    if len(os.fsencode(home / "run" / LONGEST_SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        yield home
        return
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    root = private_directory(Path(tempfile.gettempdir()) / f"licet-{digest}")
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def claim(home: Path) -> Iterator[int]:
    """Holds the lock of a data directory; gives the descriptor, which the keeper shares."""
    private_directory(home)
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, home)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int, home: Path) -> None:
    """Waits for the keeper of a run that was killed, never for a run that is alive."""
    patience_ends = time.monotonic() + CLEARING_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode().strip()
            if (holder and _is_alive(int(holder))) or time.monotonic() > patience_ends:
                message = f"{home} is in use by another `up` (process {holder}); stop that one or set LICET_HOME."
                raise CannotStart(message) from None
            time.sleep(0.1)
        else:
            return


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
