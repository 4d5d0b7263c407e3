"""The kept OpenAPI documents as tests read them: one entry for each operation of both planes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "docs"
FILES = {"management": FOLDER / "openapi.json", "verify": FOLDER / "openapi-verify.json"}


class Operation(NamedTuple):
    """`told` is what the document says of it, with nothing resolved."""

    plane: str
    method: str
    path: str
    told: dict[str, Any]

    def __str__(self) -> str:
        return str(self.told["operationId"])

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of its body, if it takes one."""
        if "requestBody" not in self.told:
            return None
        return resolved(self.plane, self.told["requestBody"]["content"]["application/json"]["schema"])

    @property
    def members(self) -> dict[str, Any]:
        """The schemas of the members of its body, unless that is no object."""
        found: dict[str, Any] = (self.body or {}).get("properties", {})
        return found

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """Those in `path`, `query` or `header`."""
        found = [resolved(self.plane, parameter) for parameter in self.told.get("parameters", ())]
        return [parameter for parameter in found if parameter["in"] == place]


@cache
def document(plane: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(FILES[plane].read_text())
    return kept


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(plane, method.upper(), path, told)
        for plane in FILES
        for path, methods in document(plane)["paths"].items()
        for method, told in methods.items()
    )


def resolved(plane: str, part: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` at the top of `part` leads to."""
    while "$ref" in part:
        found: Any = document(plane)
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part
