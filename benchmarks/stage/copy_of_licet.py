"""A running copy of the whole product for a benchmark that needs its tables: one that is there, or one of its own."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.stage.processes import LOAD_CORE, free_port, running

SAYS_READY = "both planes are ready"
STARTS_SECONDS = 180.0
OTHER_SHARDS = "1024"  # here, so that the copy's own drain, which knows one, leaves the others alone


@contextmanager
def copy_of_licet(folder: Path, home: str) -> Iterator[None]:
    """Sets this process up as Django within it; `home` is LICET_HOME of a copy that runs already, or ""."""
    if home:
        _enter(Path(home))
        yield
        return
    own = folder / "home"
    ports = {"LICET_PORT": str(free_port()), "LICET_VERIFY_PORT": str(free_port())}
    environment = {"LICET_HOME": str(own), "EMAIL_URL": "console://", **ports}
    log = folder / "licet.log"
    with running([sys.executable, "manage.py", "up"], core=LOAD_CORE, log=log, environment=environment) as copy:
        copy.wait_until(lambda: SAYS_READY in log.read_text(errors="replace"), STARTS_SECONDS)
        _enter(own)
        yield


def _enter(home: Path) -> None:
    os.environ |= json.loads((home / "environment.json").read_text())
    os.environ |= {"LICET_HOME": str(home), "LICET_COUNTER_SHARDS": OTHER_SHARDS}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django  # noqa: PLC0415 - its settings are read once, from what was just found

    django.setup()
