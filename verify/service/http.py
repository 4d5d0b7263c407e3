"""Requests and responses as values, so that the routes are the same code under any server."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import msgspec

from verify.ground import ids
from verify.ground.problem import CONTENT_TYPE, KINDS, FieldError, problem

_encode = msgspec.json.Encoder().encode


class Request(NamedTuple):
    """`headers` by lower-case name, one given twice joined with `, ` (RFC 9110 §5.2); `client` is the peer, `arrived`
    by time.perf_counter.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: str
    id: uuid.UUID
    arrived: float

    @property
    def request_id(self) -> str:
        return ids.encode("req", self.id)


class Response(NamedTuple):
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """Ends a request without a verdict; `kind` is one of verify.ground.problem.KINDS."""

    def __init__(
        self, kind: str, code: str, detail: str, errors: tuple[FieldError, ...] = (), *, allow: str = ""
    ) -> None:
        super().__init__(detail)
        self.kind, self.code, self.detail, self.errors, self.allow = kind, code, detail, errors, allow


def json_response(content: object, status: int = 200) -> Response:
    return Response(status, _encode(content))


def refusal_response(refused: Refused, *, path: str, request_id: str) -> Response:
    body = problem(
        refused.kind, refused.code, refused.detail, instance=path, request_id=request_id, errors=refused.errors
    )
    headers = []
    if refused.kind == "unauthenticated":
        headers.append(("www-authenticate", 'Bearer realm="licet"'))
    if refused.allow:
        headers.append(("allow", refused.allow))
    return Response(KINDS[refused.kind].status, _encode(body), CONTENT_TYPE, tuple(headers))
