"""Errors as both planes tell them: RFC 9457 problem details, and the only place that knows HTTP's numbers for them."""

from typing import Any, NamedTuple


class Kind(NamedTuple):
    status: int
    title: str


KINDS: dict[str, Kind] = {
    "invalid": Kind(400, "The request is not valid"),
    "unauthenticated": Kind(401, "Who is calling is not known"),
    "forbidden": Kind(403, "Not permitted"),
    "not_found": Kind(404, "Not found"),
    "method_not_allowed": Kind(405, "Method not allowed"),
    "not_acceptable": Kind(406, "Not acceptable"),
    "timeout": Kind(408, "The request did not come in time"),
    "conflict": Kind(409, "In conflict with the present state"),
    "length_required": Kind(411, "The length is required"),
    "precondition_failed": Kind(412, "It has changed meanwhile"),
    "too_large": Kind(413, "The request is too large"),
    "target_too_long": Kind(414, "The address is too long"),
    "unsupported_media": Kind(415, "The media type is not supported"),
    "unprocessable": Kind(422, "The request cannot be carried out"),
    "throttled": Kind(429, "Too many requests"),
    "head_too_large": Kind(431, "The fields of the request are too large"),
    "unavailable": Kind(503, "Not available now"),
    "internal": Kind(500, "An error on our side"),
}

CONTENT_TYPE = "application/problem+json"


class FieldError(NamedTuple):
    """`pointer` is RFC 6901 into the body, or `/` and the name of a query parameter."""

    pointer: str
    code: str
    detail: str


def problem(
    kind: str, code: str, detail: str, *, instance: str, request_id: str, errors: tuple[FieldError, ...] = ()
) -> dict[str, Any]:
    status, title = KINDS[kind]
    body: dict[str, Any] = {
        "type": f"urn:licet:problem:{code.lower()}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [error._asdict() for error in errors]
    return body
