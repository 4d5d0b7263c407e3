"""docker/compose.yaml as a test reads it: variables filled in, each service with its words, settings and secrets."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from tests.running.stack import CLONE

FILE = CLONE / "docker" / "compose.yaml"
EXAMPLE = CLONE / "docker" / ".env.example"
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")


class Service(NamedTuple):
    name: str
    words: list[str]
    environment: dict[str, str]
    secrets: list[str]
    replicas: int
    grace_seconds: float
    all: dict[str, Any]


def document(variables: Mapping[str, str]) -> dict[str, Any]:
    """As Compose reads it with these in `.env`. Raises KeyError for one that must be given and is not."""

    def filled(found: re.Match[str]) -> str:
        dollar, name, kind, text = found.groups()
        if dollar:
            return "$"
        if kind == "?" and not variables.get(name):
            raise KeyError(name)
        return variables.get(name) or (text if kind == "-" else "")

    def fill(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: fill(value) for name, value in part.items()}
        if isinstance(part, list):
            return [fill(value) for value in part]
        return _VARIABLE.sub(filled, part) if isinstance(part, str) else part

    read: dict[str, Any] = fill(yaml.safe_load(FILE.read_text()))
    return read


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    return {
        name: Service(
            name,
            [str(word) for word in [*part.get("entrypoint", []), *part.get("command", [])]],
            {setting: str(value).strip() for setting, value in part.get("environment", {}).items()},
            part.get("secrets", []),
            part.get("deploy", {}).get("replicas", 1),
            float(part["stop_grace_period"].removesuffix("s")),
            part,
        )
        for name, part in document(variables)["services"].items()
    }


def variables_of_the_file() -> set[str]:
    return {name for _, name, _, _ in _VARIABLE.findall(FILE.read_text()) if name}


def example() -> dict[str, str]:
    """What `.env.example` says must be said."""
    lines = EXAMPLE.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def variables_of_the_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), flags=re.MULTILINE))
