"""The order of a start: directory, ports, servers, migrations, planes, demo, the rest; then watching until a signal."""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from config.env import Env, Misconfigured
from config.supervisor import announcement, keyring, ports, stack
from config.supervisor import home as homes
from config.supervisor.children.crew import Crew
from config.supervisor.children.launch import ask_for_signal
from config.supervisor.children.program import Child
from config.supervisor.embedded import pair
from config.supervisor.log import Log
from config.supervisor.readiness import Readiness
from config.supervisor.trouble import CannotStart, StopAsked

Planner = Callable[[ports.Doors, Path, Mapping[str, str], Mapping[str, str]], stack.Plan]
OWN = {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
KEPT = (*keyring.NAMES, *pair.DATABASE_NAMES, "REDIS_URL", "LICET_BROKER_URL")
WITH_PARENT = "LICET_STOPS_WITH_PARENT"  # set by `make run`: whoever kills make means what it started
PREPARE_SECONDS = 600.0  # migrations of a large database
EXITS_BEFORE_READY = 5


@dataclass(frozen=True)
class Place:
    """Where this run keeps its data and its sockets."""

    home: Path
    sockets_root: Path
    doors: ports.Doors


def up(given: Mapping[str, str], home: Path, planner: Planner = stack.licet, stream: TextIO = sys.stdout) -> int:
    """Runs until a signal; gives the exit status. `given` is the environment the user started it with."""
    log = Log(stream)
    if given.get(WITH_PARENT):
        ask_for_signal(signal.SIGTERM)
    try:
        with (
            homes.claim(home) as lock,
            ports.listen(Env(given, {})) as doors,
            homes.socket_root(home) as sockets_root,
            Crew(log, lock) as crew,
            _told_only_while_running(home / "bootstrap.json"),
        ):
            _start(crew, Place(home, sockets_root, doors), given, planner)
            while True:
                crew.pump(1.0)
    except (CannotStart, Misconfigured) as error:
        log.plain(f"Cannot start: {error}")
        return 1
    except StopAsked:
        log.progress("stopped; nothing is left running")
        return 0
    except KeyboardInterrupt:  # before the crew took over the signals
        return 130
    finally:
        log.close()


@contextmanager
def _told_only_while_running(announced: Path) -> Iterator[None]:
    """Whoever waits for this file must not find the one of an earlier run."""
    announced.unlink(missing_ok=True)
    try:
        yield
    finally:
        announced.unlink(missing_ok=True)


def _start(crew: Crew, place: Place, given: Mapping[str, str], planner: Planner) -> None:
    crew.log.progress(f"starting in {place.home}")
    told = keyring.secrets(place.home, given)
    told |= pair.start(crew, place.home, place.sockets_root, Env(given, {}))
    told |= _whereabouts(Env(given, {}), place)
    administrator = told.pop(pair.ADMIN, given.get(pair.ADMIN, ""))
    written = _kept(given) | told
    homes.write_private(place.home / "environment.json", json.dumps(written, indent=1) + "\n")
    inherited = {name: value for name, value in given.items() if name != pair.ADMIN}
    environment = {**OWN, "LICET_SUPERVISED": "1", **inherited, **_bytecode(given, place.home), **told}
    admin = {pair.ADMIN: administrator} if administrator else {}
    _run(crew, planner(place.doors, place.home, environment, admin), place.doors)
    crew.log.plain(announcement.text(place.home, place.doors))


def _kept(given: Mapping[str, str]) -> dict[str, str]:
    """What a command typed by hand needs of what was given. Of a file, its absolute path; the rest stays in it."""
    kept = {name: given[name] for name in KEPT if given.get(name)}
    files = [f"{name}_FILE" for name in KEPT]
    return kept | {name: str(Path(given[name]).resolve()) for name in files if given.get(name)}


def _bytecode(given: Mapping[str, str], home: Path) -> dict[str, str]:
    """Whoever wants no bytecode beside the sources gets it in the data directory: without any, each process would
    compile all it imports at every start, which then takes twice as long.
    """
    if not given.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(home / "bytecode")}


def _whereabouts(env: Env, place: Place) -> dict[str, str]:
    doors = place.doors
    return {
        "LICET_HOME": str(place.home),
        "LICET_PORT": str(doors.web.port),
        "LICET_VERIFY_PORT": str(doors.verify.port),
        "LICET_PUBLIC_URL": env.text("LICET_PUBLIC_URL", doors.web.url),
        "LICET_VERIFY_URL": env.text("LICET_VERIFY_URL", doors.verify.url),
    }


def _run(crew: Crew, plan: stack.Plan, doors: ports.Doors) -> None:
    vital = [crew.start(program) for program in plan.at_once]
    if plan.prepare:
        crew.run(plan.prepare, PREPARE_SECONDS)
        crew.log.progress("the database is prepared")
    planes = [Readiness("control plane", doors.web.url), Readiness("verify service", doors.verify.url)]
    try:
        vital += [crew.start(program) for program in plan.prepared]
        bootstrap = crew.start(plan.bootstrap) if plan.bootstrap else None
        _await(crew, plan.ready_seconds, planes, vital, bootstrap)
    finally:
        for plane in planes:
            plane.give_up()
    crew.log.progress("both planes are ready")
    for program in plan.ready:
        crew.start(program)


def _await(crew: Crew, seconds: float, planes: list[Readiness], vital: list[Child], bootstrap: Child | None) -> None:
    def is_up() -> bool:
        for child in vital:
            _check_life(child)
        if bootstrap and bootstrap.exits and bootstrap.status != 0:
            message = f"`{bootstrap.program.name}` failed: {bootstrap.last_words()}"
            raise CannotStart(message)
        seeded = bootstrap is None or bootstrap.exits > 0
        return seeded and all(plane.ready for plane in planes) and all(child.is_steady() for child in vital)

    try:
        crew.wait(is_up, seconds, "Not everything was ready")
    except CannotStart as error:
        late = [plane.complaint() for plane in planes if not plane.ready]
        raise CannotStart("\n".join([str(error), *late])) from error


def _check_life(child: Child) -> None:
    if child.exits >= EXITS_BEFORE_READY:
        said = "\n".join(f"    {line}" for line in child.tail)
        message = (
            f"`{child.program.name}` stopped {child.exits} times ({child.how_it_ended()}). Its last lines:\n{said}"
        )
        raise CannotStart(message)
