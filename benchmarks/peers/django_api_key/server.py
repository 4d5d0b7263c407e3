"""Starts the peer in Django under gunicorn: one process, threads that keep connections open."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.stage.load import prepared
from benchmarks.stage.processes import CLONE, SERVER_CORE, answers, free_port, running
from benchmarks.stage.verify_server import Server
from benchmarks.stage.world import body

PACKAGES = CLONE / ".venv" / "bench"
SITE = "benchmarks.peers.django_api_key.site"
THREADS = "8"


@contextmanager
def django_api_key(folder: Path) -> Iterator[Server]:
    port = free_port()
    words = [sys.executable, "-m", "gunicorn", f"{SITE}:application", "--bind", f"127.0.0.1:{port}"]
    how = ["--workers", "1", "--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "75"]
    log = folder / "django.log"
    with running([*words, *how], core=SERVER_CORE, log=log, environment=_environment(folder)) as process:
        process.wait_until(lambda: answers(port))
        yield Server("Django + api-key", port, [process])


def write_calls(folder: Path, keys: int) -> Path:
    """Makes that many keys; one prepared call for each."""
    words = [sys.executable, "-m", SITE, str(keys)]
    made = subprocess.run(words, env=_environment(folder), cwd=CLONE, check=True, capture_output=True, text=True)
    path = folder / "django-calls"
    path.write_bytes(b"".join(prepared(f"Api-Key {secret}", body(secret)) for secret in made.stdout.split()))
    return path


def _environment(folder: Path) -> dict[str, str]:
    if not PACKAGES.is_dir():
        message = f"{PACKAGES} is missing: make .venv/.bench-synced"
        raise RuntimeError(message)
    database = {"BENCHMARK_DATABASE": str(folder / "django.sqlite"), "PYTHONPATH": str(PACKAGES)}
    return {**os.environ, **database, "DJANGO_SETTINGS_MODULE": ""}
