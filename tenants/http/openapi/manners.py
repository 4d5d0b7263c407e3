"""The manners that every operation of the management API shares, by its method and address: headers and problems."""

from typing import NamedTuple

from verify.ground.openapi import (
    PROBLEM,
    REQUEST_ID,
    Schema,
    header,
    problem_components,
    problem_references,
)

SAFE = ("GET", "HEAD")
_ALWAYS = {400, 401, 403, 406, 429, 503}
_WITH_ID = {404}
_WRITING = {409, 411, 413, 415}

_REVISION: Schema = {
    "description": "A verdict whose `revision` is at least this has seen the change.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_LOCATION: Schema = {
    "description": "Where it can be read.",
    "required": True,
    "schema": {"type": "string", "pattern": "^/v1/"},
}
HEADERS = {"Request-Id": REQUEST_ID, "Licet-Revision": _REVISION, "Location": _LOCATION}


class Traits(NamedTuple):
    """What decides which manners an operation has; `revised` if it answers with a row that has a revision."""

    method: str
    path: str
    revised: bool

    @property
    def writes(self) -> bool:
        return self.method not in SAFE

    @property
    def statuses(self) -> set[int]:
        """Of its problems."""
        found = set(_ALWAYS)
        if "{" in self.path:
            found |= _WITH_ID
        if self.writes:
            found |= _WRITING
        return found


def add_manners(operation: Schema, traits: Traits) -> None:
    for status, response in operation["responses"].items():
        names = ["Request-Id"]
        if traits.writes and traits.revised:
            names.append("Licet-Revision")
        if status == "201":
            names.append("Location")
        response["headers"] = {name: header(name) for name in names} | response.get("headers", {})
        response["description"] = response["description"] or _DONE[status]
    operation["responses"] |= problem_references(traits.statuses)


_DONE = {
    "200": "As it is now.",
    "201": "Made.",
    "202": "Committed; the data plane could not be told yet, and will be.",
    "204": "Done.",
}


def components() -> Schema:
    statuses = _ALWAYS | _WITH_ID | _WRITING
    return {
        "schemas": {"Problem": PROBLEM},
        "headers": HEADERS,
        "responses": problem_components(statuses, {}, "Request-Id"),
    }
