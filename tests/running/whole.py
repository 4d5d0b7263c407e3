"""What tests do to a whole copy of their own: its database administrator, its Redis, its management commands."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
import redis

from tests.running.clients import plain_client
from tests.running.stack import CLONE, Stack


class Whole(Stack):
    """A ready copy, with clients for both planes as its demo organization's back end."""

    def __enter__(self) -> Self:
        super().__enter__()
        self.settings: dict[str, str] = json.loads((self.home / "environment.json").read_text())
        headers = {"Authorization": f"Bearer {self.bootstrap['secret_key']}"}
        self.api = plain_client(self.bootstrap["api_url"], headers=headers)
        self.verifier = plain_client(self.bootstrap["verify_url"], headers=headers)
        return self

    def __exit__(self, *error: object) -> None:
        self.api.close()
        self.verifier.close()
        super().__exit__(*error)  # type: ignore[arg-type]  # handed on as they came

    @property
    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.settings["REDIS_URL"])

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.api.post(f"/v1/{path}", json=body or {})
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def code(self, key: str, **asked: Any) -> str:
        """The verdict's code, or `HTTP 503`."""
        answer = self.verifier.post("/v1/verify", json={"key": key, **asked})
        return str(answer.json()["code"]) if answer.status_code == 200 else f"HTTP {answer.status_code}"

    def manage(self, *words: str) -> str:
        """A `manage.py` command typed beside the running copy; gives what it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=CLONE,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def administrator_url(self, database: str = "licet") -> str:
        url = self.settings["DATABASE_OWNER_URL"].replace("licet_owner@", "postgres@")
        return url.replace("/licet?", f"/{database}?")

    @contextmanager
    def administrator(self, database: str = "licet") -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.administrator_url(database), autocommit=True) as connection:
            yield connection

    def postgres(self, program: str, *words: str) -> bytes:
        """One of PostgreSQL's own programs, e.g. pg_dump."""
        from config.supervisor.embedded.postgres import binaries  # noqa: PLC0415 - beside its only use

        done = subprocess.run([binaries() / program, *words], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def pid_of(self, words: str) -> int:
        """The one process of this copy whose command line has these words."""
        (found,) = [pid for pid, command in self.pids().items() if words in command]
        return found

    def signal(self, words: str, number: int) -> None:
        os.kill(self.pid_of(words), number)


def files_under(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
