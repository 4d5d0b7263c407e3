"""The secrets of an installation: made once in `secrets.json`, unless the environment gives them."""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from config.supervisor.home import write_private
from config.supervisor.trouble import CannotStart

NAMES = ("LICET_SECRET_KEY", "LICET_PEPPERS", "LICET_SIGNING_KEKS", "LICET_DATA_KEKS")


def secrets(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets that `given` has neither as a value nor as a file, from `secrets.json`, made where missing.

    The three lists are `version:base64url of 32 bytes`, separated by commas, the current version first.
    """
    path = home / "secrets.json"
    kept = _read(path)
    missing = [name for name in NAMES if name not in kept]
    if missing:
        kept |= {name: _new(name) for name in missing}
        write_private(path, json.dumps(kept, indent=1) + "\n")
    return {name: kept[name] for name in NAMES if not (given.get(name) or given.get(f"{name}_FILE"))}


def _new(name: str) -> str:
    if name == "LICET_SECRET_KEY":
        return base64.urlsafe_b64encode(os.urandom(48)).decode()
    return "1:" + base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def _read(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CannotStart(_unreadable(path)) from error
    if not isinstance(kept, dict) or not all(isinstance(value, str) and value for value in kept.values()):
        raise CannotStart(_unreadable(path))
    return kept


def _unreadable(path: Path) -> str:
    return (
        f"{path} is damaged; put your copy of it back: without these secrets no issued key can be verified. "
        f"To start from nothing, delete {path.parent}."
    )
