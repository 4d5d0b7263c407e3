"""Where this copy of Licet keeps its data, and the environment variables it runs with.

`manage.py up` leaves the addresses and secrets of its servers in `$LICET_HOME/environment.json` (mode 0600),
so that a `manage.py` command typed beside a running copy reaches the same database.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verify.ground.environment import Env, Misconfigured

__all__ = ["BASE_DIR", "Env", "Misconfigured", "environment_file", "home", "load", "one_sentence"]

BASE_DIR = Path(__file__).resolve().parent.parent


def home() -> Path:
    """The data directory, absolute: `LICET_HOME`, by default `.licet` beside manage.py."""
    return Path(os.environ.get("LICET_HOME") or BASE_DIR / ".licet").resolve()


def environment_file() -> Path:
    return home() / "environment.json"


def read_environment_file() -> dict[str, str]:
    try:
        return {str(name): str(value) for name, value in json.loads(environment_file().read_text()).items()}
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return {}
    except (ValueError, AttributeError) as error:
        message = f"{environment_file()} is not a JSON object ({error}); delete it, and `make run` writes it anew."
        raise Misconfigured(message) from error


def load() -> Env:
    """What the supervisor starts is told all it may know; only a command typed by hand looks into the file."""
    return Env(os.environ, {} if os.environ.get("LICET_SUPERVISED") else read_environment_file())


@contextmanager
def one_sentence() -> Iterator[None]:
    """Ends a process whose settings are refused with the sentence that says what to do, and no traceback."""
    try:
        yield
    except Misconfigured as refused:
        sys.exit(str(refused))
