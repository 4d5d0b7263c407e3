"""What a server and the routes exchange, so that the routes are the same code under any server."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from verify.ground.problem import CONTENT_TYPE, KINDS, FieldError, problem
from verify.service import metrics

MOST_BODY_BYTES = 65_536
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="licet"')

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Response(msgspec.Struct, frozen=True, gc=False):
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Fields(dict[str, str]):
    """By lower-case name; one given twice is joined with `, ` (RFC 9110 §5.2). A back end sends the same with each of
    its calls, and a server may give the same object each time: `known` is what a route has made of them.
    """

    __slots__ = ("known",)

    def __init__(self, *given: Mapping[str, str]) -> None:
        super().__init__(*given)
        self.known: Any = None


class Exchange(msgspec.Struct, eq=False):
    """One request, and the one answer that it gets. A server subclasses it and says in `write` how answers travel.

    `path` is without the query, `query` as it came, without its question mark; `client` is the peer's address;
    `arrived` by time.perf_counter; `id` is a UUIDv7, and `request_id` how it is told (ids.new_spelled); `twice` names
    the fields that came more than once.
    """

    method: str
    path: str
    query: str
    headers: Fields
    body: bytes
    client: str
    arrived: float
    id: bytes
    request_id: str
    twice: Sequence[str]

    def write(self, response: Response) -> None:
        """Sends the answer with `Request-Id`, `Content-Type`, `Content-Length`, and `Cache-Control: no-store` unless it
        says otherwise. Called once; the peer may have gone.
        """
        raise NotImplementedError

    def answer(self, response: Response) -> None:
        metrics.SECONDS.observe(time.perf_counter() - self.arrived)
        self.write(response)

    def refuse(self, refused: "Refused") -> None:
        metrics.REFUSED.inc(refused.code)
        self.answer(refusal_response(refused, path=self.path, request_id=self.request_id))

    def answer_by(self, telling: Awaitable[Response | None]) -> None:
        """Answers with what `telling` gives, or refuses as it raises; None: it has answered by itself."""
        task = asyncio.ensure_future(self._answer_by(telling))
        _answering.add(task)
        task.add_done_callback(_answering.discard)

    async def _answer_by(self, telling: Awaitable[Response | None]) -> None:
        try:
            response = await telling
            if response is not None:
                self.answer(response)
        except Refused as refused:
            self.refuse(refused)
        except Exception as bug:  # noqa: BLE001 - the edge, see `fail`
            self.fail(bug)

    def fail(self, bug: BaseException) -> None:
        """A bug ends this request with 500 and its traceback in the log, not the process."""
        log.error("A bug answered %s %s with 500 (%s)", self.method, self.path, self.request_id, exc_info=bug)
        self.refuse(Refused("internal", "internal_error", "Something broke on our side; it was logged."))


Handler = Callable[[Exchange], Response | Awaitable[Response | None] | None]
"""Gives the answer, or what can be awaited for it, or None and answers the exchange by itself later."""

_answering: set[asyncio.Task[None]] = set()  # the event loop alone would not keep them


class Refused(Exception):
    """Ends a request without a verdict; `kind` is one of verify.ground.problem.KINDS."""

    def __init__(
        self, kind: str, code: str, detail: str, errors: tuple[FieldError, ...] = (), *, allow: str = ""
    ) -> None:
        super().__init__(detail)
        self.kind, self.code, self.detail, self.errors, self.allow = kind, code, detail, errors, allow


def refuse_body(headers: Mapping[str, str]) -> None:
    """Raises Refused of a body that will not be taken, by its headers alone. Gateways that ask without the body of the
    call may still say how it was encoded.
    """
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > MOST_BODY_BYTES:
        raise too_large()
    has_body = length != "0" or "transfer-encoding" in headers
    if has_body and headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported_media", "compressed_body", "Send the body without Content-Encoding.")


def too_large() -> Refused:
    return Refused("too_large", "body_too_large", f"At most {MOST_BODY_BYTES} bytes.")


def json_response(content: object, status: int = 200) -> Response:
    return Response(status, _encode(content))


def refusal_response(refused: Refused, *, path: str, request_id: str) -> Response:
    body = problem(
        refused.kind, refused.code, refused.detail, instance=path, request_id=request_id, errors=refused.errors
    )
    headers = [("licet-code", refused.code)]  # for gateways, which read no bodies
    if refused.kind == "unauthenticated":
        headers.append(CHALLENGE)
    if refused.allow:
        headers.append(("allow", refused.allow))
    return Response(KINDS[refused.kind].status, _encode(body), CONTENT_TYPE, tuple(headers))
