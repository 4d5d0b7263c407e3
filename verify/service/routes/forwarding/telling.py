"""A verdict as gateways understand it: a status, and headers that cannot be anything but headers."""

import math
from functools import lru_cache
from urllib.parse import quote

import msgspec

from verify.answer import retry_after_ms
from verify.decision import Case
from verify.ground.problem import CONTENT_TYPE, KINDS, problem
from verify.reasons import Reason
from verify.service.http.exchange import CHALLENGE, Response
from verify.service.verifying import Answered

WHO = ("NOT_FOUND", "TOKEN_", "KEY_", "DPOP_")  # who is calling is the question; everything else is what they may
WAIT = (Reason.RATE_LIMITED, Reason.QUOTA_EXCEEDED)

# Visible ASCII but `%` and `,`: of these two the one spells what is left out, the other parts what was given twice.
_PLAIN = "!#$&'()*+-./:;<=>?@[]^_`{|}~"
_encode = msgspec.json.Encoder().encode


def kind_of(reason: Reason) -> str:
    """One of verify.ground.problem.KINDS."""
    if reason in WAIT:
        return "throttled"
    return "unauthenticated" if reason.startswith(WHO) else "forbidden"


def tell(answered: Answered, request_id: str, path: str) -> Response:
    """`path` is what the gateway asked for."""
    verdict = answered.verdict
    if verdict.valid and verdict.case is not None:
        return Response(200, b"", "text/plain", _admission(verdict.case, request_id))
    kind = kind_of(verdict.reason)
    body = problem(kind, verdict.reason.value, verdict.detail or "", instance=path, request_id=request_id)
    headers = [("Licet-Code", verdict.reason.value)]
    if kind == "unauthenticated":
        headers.append(CHALLENGE)
    if kind == "throttled" and verdict.case is not None:
        wait_ms = retry_after_ms(verdict)
        if wait_ms is not None:
            headers.append(("Retry-After", str(max(1, _seconds(wait_ms)))))
        headers += _rates(verdict.case)
    return Response(KINDS[kind].status, _encode(body), CONTENT_TYPE, tuple(headers))


def _admission(case: Case, request_id: str) -> tuple[tuple[str, str], ...]:
    facts = case.facts
    return (
        ("Licet-Code", Reason.VALID.value),
        ("Licet-Request-Id", request_id),
        ("Licet-Key-Id", facts.key.id),
        ("Licet-License-Id", facts.license.id),
        ("Licet-Customer-Id", facts.customer.id),
        ("Licet-Plan", spelled(facts.plan.code)),
        ("Licet-Scopes", " ".join(map(spelled, sorted(facts.scopes)))),
    )


def _rates(case: Case) -> list[tuple[str, str]]:
    """draft-ietf-httpapi-ratelimit-headers-10."""
    rates = case.counted.rates
    if not rates:
        return []
    periods = {limit.name: limit.period_seconds for limit in case.facts.terms.rate_limits}
    policies = [f'"{spelled(rate.name)}";q={rate.limit};w={periods[rate.name]}' for rate in rates]
    levels = [
        f'"{spelled(rate.name)}";r={rate.level.remaining};t={_seconds(rate.level.reset_at - case.now)}'
        for rate in rates
    ]
    return [("RateLimit-Policy", ", ".join(policies)), ("RateLimit", ", ".join(levels))]


def _seconds(milliseconds: float) -> int:
    return max(0, math.ceil(milliseconds / 1000))


@lru_cache(4096)
def spelled(text: str) -> str:
    """A customer's text in a header: visible ASCII, everything else percent-encoded (RFC 3986 §2.1)."""
    return quote(text, safe=_PLAIN)
