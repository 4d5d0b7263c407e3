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
_ETAG: Schema = {
    "description": "Names the state that is shown; for If-Match and If-None-Match.",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]+-[0-9a-f]{8}"$'},
}
_REPLAYED: Schema = {
    "description": "`true` on the stored answer to an earlier request with this Idempotency-Key.",
    "schema": {"type": "string", "enum": ["true"]},
}
_RATE_POLICY: Schema = {
    "description": "How many calls a second this secret key has; absent while the limit is not enforced.",
    "schema": {"type": "string", "pattern": '^"api";q=[0-9]+;w=1$'},
}
_RATE: Schema = {
    "description": "How many calls are left, and in how many seconds all are.",
    "schema": {"type": "string", "pattern": '^"api";r=[0-9]+;t=[0-9]+$'},
}
_RETRY_AFTER: Schema = {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}
HEADERS = {
    "Request-Id": REQUEST_ID,
    "Licet-Revision": _REVISION,
    "Location": _LOCATION,
    "ETag": _ETAG,
    "Idempotent-Replayed": _REPLAYED,
    "RateLimit-Policy": _RATE_POLICY,
    "RateLimit": _RATE,
    "Retry-After": _RETRY_AFTER,
}
_EVERYWHERE = ("Request-Id", "RateLimit-Policy", "RateLimit")
_KEY: Schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~][ -~]{0,254}$"}
_TAGS: Schema = {"type": "string"}


class Traits(NamedTuple):
    """What decides which manners an operation has.

    `revised` if its rows have revisions, `shows_one` if it answers with a single one of them, `single` if there is but
    one at most and it has no id.
    """

    method: str
    path: str
    revised: bool
    shows_one: bool
    single: bool = False

    @property
    def writes(self) -> bool:
        return self.method not in SAFE

    @property
    def statuses(self) -> set[int]:
        """Of its problems."""
        found = set(_ALWAYS)
        if "{" in self.path or self.single:
            found |= _WITH_ID
        if self.writes:
            found |= _WRITING
        if self.writes and "{" in self.path:
            found |= {412}
        if self.method == "POST":
            found |= {422}
        return found


def request_headers(traits: Traits) -> list[tuple[str, Schema]]:
    """What a request may say of itself besides who calls."""
    found = [("Idempotency-Key", _KEY)] if traits.method == "POST" else []
    if "{" in traits.path:
        found += [("If-Match", _TAGS)] if traits.writes else [("If-None-Match", _TAGS)] if traits.revised else []
    return found


def add_manners(operation: Schema, traits: Traits) -> None:
    if traits.revised and traits.shows_one and not traits.writes:
        operation["responses"]["304"] = {"description": ""}
    for status, response in operation["responses"].items():
        names = list(_EVERYWHERE)
        if traits.writes and traits.revised:
            names.append("Licet-Revision")
        if traits.revised and traits.shows_one and status != "202":
            names.append("ETag")
        if traits.method == "POST":
            names.append("Idempotent-Replayed")
        if traits.shows_one == (status == "201") and status in ("201", "202"):  # a new object, or a job for many
            names.append("Location")
        response["headers"] = {name: header(name) for name in names} | response.get("headers", {})
        response["description"] = response["description"] or _DONE[status]
    operation["responses"] |= problem_references(traits.statuses)


_DONE = {
    "200": "As it is now.",
    "201": "Made.",
    "202": "Committed; the data plane could not be told yet, and will be.",
    "204": "Done.",
    "304": "It is as the caller knows it.",
}


def components() -> Schema:
    statuses = _ALWAYS | _WITH_ID | _WRITING | {412, 422}
    return {
        "schemas": {"Problem": PROBLEM},
        "headers": HEADERS,
        "responses": problem_components(
            statuses, {429: ["RateLimit-Policy", "RateLimit", "Retry-After"]}, "Request-Id"
        ),
    }
