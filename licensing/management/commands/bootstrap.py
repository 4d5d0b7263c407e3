"""`manage.py bootstrap`: seeds the demo organization once and writes bootstrap.json when both planes are ready."""

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from licensing.actions.newcomers.welcome import Kept, welcome_demo
from tenants import clock

ORGANIZATION = "Demo"
EMAIL = "owner@demo.example"
POLL_SECONDS = 0.1
ANSWER_SECONDS = 2.0


class Command(BaseCommand):
    help = "Seeds the demo organization and writes bootstrap.json. Never with production settings."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", type=float, default=60, help="seconds to wait for both planes (60)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        if settings.PRODUCTION:
            raise CommandError("There is no demo in production; use `manage.py create_organization NAME EMAIL`.")
        home: Path = settings.LICET_HOME
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = welcome_demo(ORGANIZATION, EMAIL, _kept(home / "demo.json"), now=clock.now())
        kept = Kept(made.password or "", made.secret_key, made.starter.key_secret)
        _write_private(home / "demo.json", kept._asdict())
        self._wait_until_ready(options["wait"])
        _write_private(home / "bootstrap.json", made.as_json())

    def _wait_until_ready(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for plane, url in (
            ("control plane", settings.LICET_LOCAL_URL),
            ("verify service", settings.LICET_LOCAL_VERIFY_URL),
        ):
            while not _answers(f"{url}/readyz"):
                if time.monotonic() > deadline:
                    raise CommandError(f"The {plane} at {url} was not ready within {seconds:g} s.")
                time.sleep(POLL_SECONDS)


def _answers(url: str) -> bool:
    """Timeout 2 s; asked again by the caller."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)  # noqa: PLR2004 - what ready means
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _kept(path: Path) -> Kept:
    """Nothing when there is no such file; a broken one is as good as none, all of it can be issued anew."""
    try:
        return Kept(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return Kept()


def _write_private(path: Path, document: dict[str, Any]) -> None:
    """Readable by its owner alone from its first byte on, and never seen half written."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
    fresh.replace(path)
