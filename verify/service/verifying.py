"""From one request to a verdict that is in the log: facts, rules, counters, answer."""

import hashlib
import re
import time
import uuid
from typing import Any, NamedTuple

import msgspec

from verify.decision import Verdict, decide, weigh
from verify.ground import ids
from verify.ground.problem import FieldError
from verify.limits.call import Mode, call
from verify.limits.checks import Checks, added, checks_of
from verify.limits.counted import NOTHING_COUNTED, Code, Counted
from verify.limits.log_entry import Logged
from verify.limits.shards import record_key
from verify.request import VerifyRequest
from verify.service import metrics
from verify.service.accounting.accountant import Accountant
from verify.service.facts.lookup import Caller, Found
from verify.service.http.exchange import Exchange, Refused

IDEMPOTENCY_KEY = re.compile(r"[!-~][ -~]{0,254}")
_encode = msgspec.json.Encoder(order="deterministic").encode


class Presented(NamedTuple):
    """One call to be verified; `once` is its Idempotency-Key, "" without one; `arrived` by time.perf_counter."""

    asked: VerifyRequest
    id: uuid.UUID
    once: str
    arrived: float


class Answered(NamedTuple):
    """A verdict, the request it is about, and when it was made (milliseconds); `degraded`: from memory alone."""

    verdict: Verdict
    id: uuid.UUID
    now: int
    degraded: bool = False


def named(asked: list[VerifyRequest], exchange: Exchange, header: str | None) -> list[Presented]:
    """Each call with a name of its own and what makes a repeat of it: the header, or else its own `request_id`.

    In a batch the header names the whole, and each call by its place. Raises Refused (400).
    """
    if header is not None and not IDEMPOTENCY_KEY.fullmatch(header):
        detail = "`Idempotency-Key`: 1 to 255 printable ASCII characters, e.g. a UUID."
        raise Refused("invalid", "invalid_request", detail, (FieldError("/Idempotency-Key", "invalid", detail),))
    found = []
    for index, one in enumerate(asked):
        alone = len(asked) == 1
        name = header if alone or header is None else f"{header}:{index}"
        once = one.request_id or "" if name is None else name
        found.append(Presented(one, exchange.id if alone else ids.new_uuid(), once, exchange.arrived))
    return found


class Verifier:
    def __init__(self, accountant: Accountant) -> None:
        self._accountant = accountant

    async def verify(self, presented: Presented, caller: Caller, found: Found | None) -> Answered:
        """Counted and logged. Raises AccountingUnavailable, Refused."""
        now = _now_ms()
        check_meters(presented.asked, caller)
        if found is None:
            self._accountant.unknown.note(caller.environment.id, now)
            return _answered(decide(None, presented.asked, now), presented, now)
        verdict = decide(found.facts, presented.asked, now)
        counted = await self._count(presented, found, verdict, now)
        return _answered(weigh(verdict, counted), presented, now)

    def bridge(self, presented: Presented, caller: Caller, found: Found | None) -> Answered:
        """From memory alone, while Redis is away and the environment allows it."""
        now = _now_ms()
        check_meters(presented.asked, caller)
        return _answered(decide(found and found.facts, presented.asked, now), presented, now, degraded=True)

    async def _count(self, presented: Presented, found: Found, verdict: Verdict, now: int) -> Counted:
        facts, asked = found.facts, presented.asked
        meters = facts.catalog.meters if facts.catalog else {}
        assert verdict.case is not None  # noqa: S101 - there are facts
        checks = checks_of(verdict.case.terms, facts.license, facts.key, usage=asked.usage, meters=meters, now=now)
        shard = self._accountant.shard_of(facts.customer.id)
        once = presented.once
        record = record_key(shard, facts.environment.id, facts.key.id, once) if once else ""
        words = call(_mode(verdict), checks, shard, record=record, fingerprint=_fingerprint(asked) if once else "")
        counted = await self._accountant.count(words, _logged(presented, found, verdict, checks, meters, now), checks)
        if counted.code is Code.CONFLICT:
            detail = "This Idempotency-Key came with another request before; use a new one."
            raise Refused("unprocessable", "idempotency_key_reused", detail)
        if counted.code is Code.NOT_READY:
            if not verdict.valid:
                return NOTHING_COUNTED
            detail = "The counters are being rebuilt after a loss; try again in a few seconds."
            raise Refused("unavailable", "not_ready", detail)
        return counted


def check_meters(asked: VerifyRequest, caller: Caller) -> None:
    """Raises Refused (400): usage of a meter that is not there would be lost in silence."""
    if caller.catalog is None:
        return
    for meter in asked.usage:
        if meter not in caller.catalog.meters:
            detail = f"There is no meter {meter!r} in this environment; create it first."
            raise Refused("invalid", "invalid_request", detail, (FieldError(f"/usage/{meter}", "not_found", detail),))


def _mode(verdict: Verdict) -> Mode:
    if not verdict.valid:
        return Mode.DENIED
    assert verdict.case is not None  # noqa: S101 - a valid verdict is about a key
    return Mode.ENFORCED if verdict.case.request.usage else Mode.SHOWN


def _logged(
    presented: Presented, found: Found, verdict: Verdict, checks: Checks, meters: dict[str, str], now: int
) -> Logged:
    facts, asked = found.facts, presented.asked
    usage, newer = asked.usage, found.newer_digest
    return Logged(
        id=presented.id.bytes,
        decided_at=now,
        environment=facts.environment.id,
        customer=facts.customer.id,
        license=facts.license.id,
        key=facts.key.id,
        plan=facts.plan.id,
        plan_version=found.plan_version,
        reason=verdict.reason.value,
        usage=usage,
        added={meter: added(usage, meter, meters) for meter in usage},
        charges=checks.charges,
        features=asked.features,
        scopes=asked.scopes,
        revision=facts.revision,
        latency_us=int((time.perf_counter() - presented.arrived) * 1_000_000),
        ip=asked.ip,
        method=asked.method,
        resource=asked.resource,
        user=asked.user,
        device=asked.device,
        context=_encode(asked.context).decode() if asked.context else "{}",
        digest=newer.value.hex() if newer else None,
        pepper_version=newer.pepper_version if newer else 0,
    )


def _fingerprint(asked: VerifyRequest) -> str:
    """The request but for its name; the order of members does not matter."""
    told: dict[str, Any] = msgspec.structs.asdict(asked) | {"request_id": None}
    return hashlib.blake2b(_encode(told), digest_size=16).hexdigest()


def _answered(verdict: Verdict, presented: Presented, now: int, *, degraded: bool = False) -> Answered:
    metrics.VERDICTS.labels(verdict.reason.value).inc()
    return Answered(verdict, presented.id, now, degraded)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
