"""Environment variables, read typed: `NAME`, else the file named by `NAME_FILE`, else the same of a fallback."""

from collections.abc import Mapping
from pathlib import Path

MODES = ("development", "production")


class Misconfigured(Exception):
    """A setting is missing or malformed; the text says which and what to do."""


class Env:
    """Typed access to one mapping of variables over another of fallbacks."""

    def __init__(self, variables: Mapping[str, str], fallbacks: Mapping[str, str] | None = None) -> None:
        self._variables, self._fallbacks = variables, fallbacks or {}

    def text(self, name: str, default: str = "") -> str:
        for given in (self._variables, self._fallbacks):
            if value := given.get(name):
                return value
            if path := given.get(f"{name}_FILE"):
                return _content(name, path)
        return default

    def required(self, name: str) -> str:
        if value := self.text(name):
            return value
        message = f"{name} is not set; `make run` sets it, otherwise give it in the environment (or {name}_FILE)."
        raise Misconfigured(message)

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        try:
            return int(value)
        except ValueError as error:
            message = f"{name} must be a whole number, not {value!r}."
            raise Misconfigured(message) from error

    def words(self, name: str) -> list[str]:
        return self.text(name).replace(",", " ").split()

    def is_production(self) -> bool:
        mode = self.text("LICET_MODE", "development")
        if mode not in MODES:
            message = f"LICET_MODE must be {' or '.join(MODES)}, not {mode!r}."
            raise Misconfigured(message)
        return mode == "production"


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        message = f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        raise Misconfigured(message) from error
