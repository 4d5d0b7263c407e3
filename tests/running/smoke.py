"""What a newcomer does, from nothing, timed: clone, `make run`, verify a key, revoke it, Ctrl-C.

Run as `python3 -m tests.running.smoke`, with the standard library alone. Ends with status 1 and one sentence if a
step fails.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.running.processes import left_after
from tests.running.stack import free_port

CLONE = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 120.0
AGAIN_SECONDS = 8.0
REVOKED_SECONDS = 1.0
ANSWER_SECONDS = 10.0
UNSAID = ("LICET_", "DATABASE_", "REDIS_", "DJANGO_", "VIRTUAL_ENV", "PYTHON", "MAKE")  # a newcomer has none of these


class Failed(Exception):
    """A step did not go as promised."""


class Clock:
    """Prints each step with its seconds, and refuses to go on past the limit."""

    def __init__(self) -> None:
        self.began = self._last = time.monotonic()

    def step(self, text: str) -> None:
        now = time.monotonic()
        print(f"  {now - self._last:6.2f} s  {text}", flush=True)
        self._last = now

    def check(self) -> None:
        if time.monotonic() - self.began > LIMIT_SECONDS:
            message = f"this took more than {LIMIT_SECONDS:.0f} s"
            raise Failed(message)


def post(url: str, secret_key: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {secret_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def await_bootstrap(clock: Clock, run: subprocess.Popen[bytes], home: Path, done: str) -> dict[str, Any]:
    while not (home / "bootstrap.json").exists():
        clock.check()
        if run.poll() is not None:
            message = f"`make run` ended with status {run.returncode}"
            raise Failed(message)
        time.sleep(0.05)
    found: dict[str, Any] = json.loads((home / "bootstrap.json").read_text())
    clock.step(done)
    return found


def verify_and_revoke(clock: Clock, found: dict[str, Any]) -> None:
    secret_key, sample = found["secret_key"], found["sample"]

    def code() -> Any:
        return post(f"{found['verify_url']}/v1/verify", secret_key, {"key": sample["key_secret"]})["code"]

    if (said := code()) != "VALID":
        message = f"the sample key is {said}, not VALID"
        raise Failed(message)
    clock.step("the sample key is VALID")
    post(f"{found['api_url']}/v1/keys/{sample['key']}/revocation", secret_key, {"reason": "smoke"})
    patience_ends = time.monotonic() + REVOKED_SECONDS
    while (said := code()) != "KEY_REVOKED":
        if time.monotonic() > patience_ends:
            message = f"the revoked key is still {said} after {REVOKED_SECONDS:.0f} s"
            raise Failed(message)
    clock.step("revoked, and refused with KEY_REVOKED")


def stop(clock: Clock, run: subprocess.Popen[bytes], folder: Path) -> None:
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    run.wait(timeout=40)
    if left := left_after(5, str(folder)):
        message = f"these still run: {left}"
        raise Failed(message)
    clock.step("stopped; nothing is left running")


def start(folder: Path, clone: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            ["make", "run"], cwd=clone, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def walk(clock: Clock, source: Path, folder: Path) -> None:
    clone, home = folder / "clone", folder / "home"
    subprocess.run(["git", "clone", "--quiet", "--local", str(source), str(clone)], check=True)
    clock.step("cloned")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(UNSAID)}
    environment |= {
        "LICET_HOME": str(home),
        "LICET_PORT": str(free_port()),
        "LICET_VERIFY_PORT": str(free_port()),
    }
    run = start(folder, clone, environment)
    try:
        verify_and_revoke(clock, await_bootstrap(clock, run, home, "installed, started, ready"))
        stop(clock, run, folder)
        began = time.monotonic()
        run = start(folder, clone, environment)
        verify_and_revoke(clock, await_bootstrap(clock, run, home, "started again with its data"))
        if (again := time.monotonic() - began) > AGAIN_SECONDS:
            message = f"the second start took {again:.1f} s, more than {AGAIN_SECONDS:.0f}"
            raise Failed(message)
        stop(clock, run, folder)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait(timeout=10)
            left_after(15, str(folder))


def main() -> int:
    source = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else CLONE
    folder = Path(tempfile.mkdtemp(prefix="licet-smoke-"))
    clock = Clock()
    try:
        walk(clock, source, folder)
        clock.check()
    except (Failed, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        print(f"Smoke failed: {error}", file=sys.stderr)
        if (folder / "log").exists():
            print((folder / "log").read_text(errors="replace")[-6000:], file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"  {time.monotonic() - clock.began:6.2f} s  in all (at most {LIMIT_SECONDS:.0f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
