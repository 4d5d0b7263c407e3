"""`/forward-auth/…`: gateways ask in headers whether a call may pass, and are told by status and headers."""

from collections.abc import Awaitable, Sequence

from verify.ground.proxies import Proxies
from verify.request import BadRequest, VerifyRequest
from verify.service.http.exchange import Exchange, Response
from verify.service.routes.forwarding import asking, telling
from verify.service.routes.verdicts import Desk, Question, refusal
from verify.service.verifying import Answered

PREFIX = "/forward-auth/"


class ForwardAuth:
    """Any method and any sub-path: some gateways ask with those of the call."""

    def __init__(self, desk: Desk, proxies: Proxies) -> None:
        self._desk, self._proxies = desk, proxies

    def ask(self, exchange: Exchange) -> Awaitable[None] | None:
        fields = exchange.headers
        if fields.known is None:
            once = fields.get(asking.ONCE) or None  # the caller's own Idempotency-Key is the upstream's business
            secret_key = fields.get(asking.SECRET_KEY, "")
            fields.known = Question(secret_key, self._parse, _tell, once, pointer=_header)
        return self._desk.ask(exchange, fields.known)

    def _parse(self, exchange: Exchange) -> list[VerifyRequest]:
        headers = exchange.headers
        ip = self._proxies.caller(exchange.client, headers.get("x-forwarded-for", ""))
        asker = asking.Asker(exchange.method, exchange.path[len(PREFIX) - 1 :], ip)
        try:
            return [asking.read(headers, exchange.twice, asker)]
        except BadRequest as bad:
            raise refusal(bad) from bad


def _header(_: int, pointer: str) -> str:
    return asking.header_of(pointer)


def _tell(exchange: Exchange, answered: Sequence[Answered]) -> Response:
    return telling.tell(answered[0], exchange.request_id, exchange.path)
