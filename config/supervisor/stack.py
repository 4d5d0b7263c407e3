"""What `up` starts: the two planes and the processes behind them, as a table."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.env import BASE_DIR, Env, Misconfigured
from config.supervisor.children.program import Program
from config.supervisor.ports import Doors
from config.supervisor.trouble import CannotStart
from config.supervisor.trust import told_to

PYTHON = sys.executable
MANAGE = (PYTHON, "manage.py")
READY_SECONDS = 120.0  # the first start seeds the demo, and a busy machine is slow
# As root Celery warns at length; it takes JSON alone, and whoever runs `up` as root has decided.
CELERY = (PYTHON, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "config")
UVICORN = (
    *(PYTHON, "-m", "uvicorn", "config.asgi:application", "--lifespan", "off", "--no-access-log", "--no-proxy-headers"),
    *("--timeout-graceful-shutdown", "5", "--log-level", "warning"),
)
QUEUES = "critical,sweeps,bulk,webhooks"


@dataclass(frozen=True)
class Plan:
    """Programs by the moment of their start. What asks for a processor but not for an answer comes last."""

    prepare: Program | None  # roles and migrations, to its end
    at_once: tuple[Program, ...]  # while `prepare` runs: the planes, which take a second to load
    prepared: tuple[Program, ...]
    bootstrap: Program | None  # beside `prepared`; it waits for both planes itself
    ready: tuple[Program, ...]
    ready_seconds: float = READY_SECONDS


def licet(doors: Doors, home: Path, environment: Mapping[str, str], admin: Mapping[str, str]) -> Plan:
    """The product's own plan. `admin` is what only `prepare` may know."""
    env = Env(environment, {})
    web, verify = doors.web.socket.fileno(), doors.verify.socket.fileno()

    def program(name: str, *argv: str, fds: tuple[int, ...] = (), extra: Mapping[str, str] | None = None) -> Program:
        told = told_to(name.partition(".")[0], environment) | {**(extra or {})}
        return Program(name=name, argv=argv, environment=told, cwd=BASE_DIR, fds=fds)

    def command(name: str, *words: str, extra: Mapping[str, str] | None = None) -> Program:
        told = told_to(name, environment) | {**(extra or {})}
        return Program(name=name, argv=(*MANAGE, name, *words), environment=told, cwd=BASE_DIR, restarts=False)

    quiet = ("--loglevel", "WARNING")
    names = _verifiers(env)
    # Whichever worker is asked for metrics tells those of all.
    shared = {"LICET_METRICS_FOLDER": str(_fresh(home / "metrics"))} if len(names) > 1 else {}
    shared |= {"LICET_SPOOL_DIR": env.text("LICET_SPOOL_DIR") or str(home / "spool")}
    verifiers = tuple(
        program(name, PYTHON, "-m", "verify.service", "--fd", str(verify), fds=(verify,), extra=shared)
        for name in names
    )
    seed = command("bootstrap", "--wait", f"{READY_SECONDS:.0f}")
    schedule = ("-s", str(home / "beat-schedule"), "--pidfile=")
    return Plan(
        prepare=command("prepare", extra=admin),
        at_once=(
            program("web", *UVICORN, "--fd", str(web), fds=(web,)),
            *verifiers,
        ),
        prepared=(
            program("relay", *MANAGE, "relay"),
            program("drain", *MANAGE, "drain"),  # no limited call is decided before its first round
        ),
        bootstrap=None if env.text("LICET_MODE") == "production" else seed,
        ready=(
            program("worker", *CELERY, "worker", "--concurrency", "1", "-Q", QUEUES, *quiet),
            program("beat", *CELERY, "beat", *schedule, *quiet),
        ),
    )


def _fresh(folder: Path) -> Path:
    """The folder, empty: counters of an earlier run are not this one's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _verifiers(env: Env) -> list[str]:
    try:
        count = env.number("LICET_VERIFY_WORKERS", 1)
    except Misconfigured as error:
        raise CannotStart(str(error)) from error
    if count < 1:
        message = f"LICET_VERIFY_WORKERS must be at least 1, not {count}."
        raise CannotStart(message)
    return ["verify"] if count == 1 else [f"verify.{number}" for number in range(1, count + 1)]
