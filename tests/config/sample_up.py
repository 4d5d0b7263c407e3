"""`up` with small children in place of the product's: run by the supervisor's tests as a process of its own.

`SAMPLE` chooses what goes wrong: `crash` has a child that fails, `chatty` one that talks too much; with `crash` and
`deaf` the verify plane answers 503.
"""

import http.server
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config.env import home
from config.supervisor.children.program import Program
from config.supervisor.ports import Door, Doors
from config.supervisor.sequence import up
from config.supervisor.stack import Plan

COMMAND = ("-m", "tests.config.sample_up")


def plan(doors: Doors, _home: Path, environment: Mapping[str, str], admin: Mapping[str, str]) -> Plan:
    def program(name: str, *words: str, door: Door | None = None, restarts: bool = True) -> Program:
        fds = (door.socket.fileno(),) if door else ()
        argv = (sys.executable, *COMMAND, *words, *map(str, fds))
        told = {**environment, **(admin if name == "prepare" else {})}
        return Program(name=name, argv=argv, environment=told, cwd=Path.cwd(), fds=fds, restarts=restarts)

    wrong = environment.get("SAMPLE", "")
    relay = {"crash": "fail", "chatty": "chat"}.get(wrong, "family")
    return Plan(
        prepare=program("prepare", "prepare", restarts=False),
        at_once=(
            program("web", "plane", "200", door=doors.web),
            program("verify", "plane", "503" if wrong in ("crash", "deaf") else "200", door=doors.verify),
        ),
        prepared=(program("relay", relay),),
        bootstrap=None,
        ready=(),
        ready_seconds=3.0 if wrong == "deaf" else 60.0,
    )


def plane(status: int, descriptor: int) -> None:
    """Serves `/pid`, and `/readyz` with the given status, on an inherited socket."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(str(os.getpid()).encode() if self.path == "/pid" else b"the sample says so")

        def log_message(self, *_args: object) -> None:
            return

    server = http.server.HTTPServer(("", 0), Answers, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=descriptor)
    server.serve_forever()


def family() -> None:
    """A child with a child in its group, and one in a session of its own that no polite signal ends."""
    with (
        subprocess.Popen([sys.executable, *COMMAND, "wait"]),
        subprocess.Popen([sys.executable, *COMMAND, "wait", "stubborn"], start_new_session=True),
    ):
        print("the family is complete")
        time.sleep(3600)


def chat() -> None:
    """Says more than any pipe or queue holds, then notes that it could."""
    for number in range(20_000):
        print(f"{number} is a number, and this line is long enough to fill whatever should not be filled by it")
    Path(os.environ["LICET_HOME"], "chatted").touch()
    time.sleep(3600)


def wait() -> None:
    if "stubborn" in sys.argv:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(3600)


def main() -> None:
    match sys.argv[1:]:
        case ["plane", status, descriptor]:
            plane(int(status), int(descriptor))
        case ["family"]:
            family()
        case ["wait", *_]:
            wait()
        case ["chat"]:
            chat()
        case ["fail"]:
            sys.exit("this sample always fails")
        case ["prepare"]:
            import psycopg  # noqa: PLC0415 - a third of a second that the other children need not wait

            with psycopg.connect(os.environ["DATABASE_ADMIN_URL"]) as admin:
                admin.execute("CREATE TABLE IF NOT EXISTS runs (at timestamptz DEFAULT now())")
                admin.execute("INSERT INTO runs DEFAULT VALUES")
                found = admin.execute("SELECT count(*) FROM runs").fetchone()
                print(f"run number {found[0] if found else 0}")
        case _:
            sys.exit(up(os.environ, home(), plan))


if __name__ == "__main__":
    main()
