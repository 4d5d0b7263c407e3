"""`POST /v1/verify` and `/v1/verify/batch`: questions in JSON, verdicts in JSON."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qsl

from verify import request as verify_request
from verify.answer import render
from verify.ground import ids
from verify.ground.problem import FieldError
from verify.request import VerifyRequest
from verify.service.http.exchange import Exchange, Refused, Response
from verify.service.routes.verdicts import Desk, Question, refusal
from verify.service.verifying import Answered, named_together

Parser = Callable[[Exchange], list[VerifyRequest]]


class Verify:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def one(self, exchange: Exchange) -> Awaitable[None] | None:
        fields = exchange.headers
        if fields.known is None:
            fields.known = Question(bearer(exchange), _parser(exchange, _parse_one), _tell_one, _once(exchange))
        return self._desk.ask(exchange, fields.known)

    def batch(self, exchange: Exchange) -> Awaitable[None] | None:
        """Each is decided and counted by itself; they are told in the order they were asked."""
        asked = bearer(exchange), _parser(exchange, _parse_batch), _tell_batch, _once(exchange)
        return self._desk.ask(exchange, Question(*asked, name=named_together, pointer=_at))


def bearer(exchange: Exchange) -> str:
    """The secret key that the caller sent, "" if none."""
    scheme, _, secret = exchange.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _once(exchange: Exchange) -> str | None:
    return exchange.headers.get("idempotency-key")


def _parser(exchange: Exchange, parse: Parser) -> Parser:
    """`parse`, or what refuses the first parameter of the query: there is none that would mean anything here."""
    given = parse_qsl(exchange.query, keep_blank_values=True) if exchange.query else []
    if not given:
        return parse
    name, detail = given[0][0], "There is no such parameter here."

    def refuse(_: Exchange) -> list[VerifyRequest]:
        raise Refused("invalid", "invalid_request", detail, (FieldError(f"/{name}", "unknown_parameter", detail),))

    return refuse


def _parse_one(exchange: Exchange) -> list[VerifyRequest]:
    try:
        return [verify_request.parse(exchange.body)]
    except verify_request.BadRequest as bad:
        raise refusal(bad) from bad


def _parse_batch(exchange: Exchange) -> list[VerifyRequest]:
    try:
        return verify_request.parse_batch(exchange.body)
    except verify_request.BadRequest as bad:
        raise refusal(bad) from bad


def _at(place: int, pointer: str) -> str:
    return f"/{place}{pointer}"


def _tell_one(exchange: Exchange, answered: Sequence[Answered]) -> Response:
    one = answered[0]
    return Response(200, render(one.verdict, exchange.request_id, one.now, one.revision, degraded=one.degraded))


def _tell_batch(_: Exchange, answered: Sequence[Answered]) -> Response:
    several = [
        render(one.verdict, ids.encode_bytes("req", one.id), one.now, one.revision, degraded=one.degraded)
        for one in answered
    ]
    return Response(200, b"[" + b",".join(several) + b"]")
