"""From one call and its facts to a verdict that is in the log: rules, counters, rules again."""

import hashlib
import re
import time
from collections import Counter
from typing import Any, Protocol

import msgspec

from verify.decision import Verdict, decide, weigh
from verify.ground import ids
from verify.ground.problem import FieldError
from verify.limits import log_entry
from verify.limits.call import Mode
from verify.limits.counted import NOTHING_COUNTED, Code, Counted
from verify.limits.log_entry import Logged
from verify.limits.prepared import Prepared, prepare
from verify.limits.shards import record_key
from verify.reasons import Reason
from verify.request import BadRequest, VerifyRequest, escaped
from verify.service import metrics
from verify.service.accounting.accountant import Accountant
from verify.service.accounting.calls import AccountingUnavailable, Call
from verify.service.facts.lookup import Caller, Found
from verify.service.http.exchange import Exchange, Refused
from verify.service.spool.record import Sent, Spooled
from verify.service.spool.spool import Spool

IDEMPOTENCY_KEY = re.compile(r"[!-~][ -~]{0,254}")
_VALID, _CONFLICT, _NOT_READY = Reason.VALID, Code.CONFLICT, Code.NOT_READY
_DENIED, _SHOWN, _ENFORCED = Mode.DENIED, Mode.SHOWN, Mode.ENFORCED
_encode = msgspec.json.Encoder(order="deterministic").encode


class Presented(msgspec.Struct, frozen=True, gc=False):
    """One call to be verified: 16 bytes name it; `once` is its Idempotency-Key, "" without one; `arrived` by
    time.perf_counter.
    """

    asked: VerifyRequest
    id: bytes
    once: str
    arrived: float

    def fingerprint(self) -> str:
        """Of what a repeat must come with."""
        return _fingerprint(self.asked)


class PresentedTogether(Presented, frozen=True, gc=False):
    """One of a batch under one Idempotency-Key; `whole` is the fingerprint of all."""

    whole: str

    def fingerprint(self) -> str:
        return self.whole


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A verdict, the request it is about, and when it was made (milliseconds); `degraded`: without counters.

    `revision` is that of the caller's facts.
    """

    verdict: Verdict
    id: bytes
    now: int
    revision: int
    degraded: bool = False


class Settling(Protocol):
    """Who waits for a verdict; exactly one of the three is called, once."""

    def settle(self, place: int, answered: Answered) -> None: ...
    def refuse(self, refused: Refused) -> None: ...
    def failed(self, place: int, error: AccountingUnavailable) -> None: ...


def named_alone(asked: list[VerifyRequest], exchange: Exchange, header: str | None) -> list[Presented]:
    """The one call, and what makes a repeat of it: the header, or else its own `request_id`. Raises Refused (400)."""
    (one,) = asked
    if header is None:
        return [Presented(one, exchange.id, one.request_id or "", exchange.arrived)]
    _check(header)
    return [Presented(one, exchange.id, header, exchange.arrived)]


def named_together(asked: list[VerifyRequest], exchange: Exchange, header: str | None) -> list[Presented]:
    """The calls of a batch. The header names the whole; what is remembered is remembered by key, so each is the first,
    second, … of its key, by a name that no client can write, and another batch with one of these keys is another body.

    Raises Refused (400).
    """
    if header is None:
        return [Presented(one, ids.new_bytes(), one.request_id or "", exchange.arrived) for one in asked]
    _check(header)
    whole, before = _digest("".join(map(_fingerprint, asked)).encode()), Counter[str | None]()
    found: list[Presented] = []
    for one in asked:
        once = f"{header}\0{before[one.key]}"
        found.append(PresentedTogether(one, ids.new_bytes(), once, exchange.arrived, whole))
        before[one.key] += 1
    return found


def _check(header: str) -> None:
    if not IDEMPOTENCY_KEY.fullmatch(header):
        detail = "`Idempotency-Key`: 1 to 255 printable ASCII characters, e.g. a UUID."
        raise Refused("invalid", "invalid_request", detail, (FieldError("/Idempotency-Key", "invalid", detail),))


class Verifier:
    def __init__(self, accountant: Accountant, spool: Spool) -> None:
        self._accountant, self._spool = accountant, spool

    def verify(
        self, presented: Presented, caller: Caller, found: Found | None, settling: Settling, place: int, now: int
    ) -> None:
        """Counted and logged; `settling` is told the verdict, at once or later, as that of `place`."""
        if found is None:
            self._accountant.unknown.note(caller.environment.id, now)
            settling.settle(place, _answered(decide(None, presented.asked, now), presented.id, now, caller.revision))
            return
        verdict = decide(found.facts, presented.asked, now)
        shard, prepared = self._prepared(found, presented.asked.usage, now)
        pending = Answered(verdict, presented.id, now, caller.revision)
        counting = Counting(
            _words(presented, found, verdict, prepared, shard),
            log_entry.encode(_logged(presented, found, pending, prepared)),
            prepared.checks,
            verdict.reason is _VALID,
            caller.environment.on_outage == "allow" and self._spool.is_there,
            pending=pending,
            settling=settling,
            place=place,
        )
        self._accountant.count(shard, counting)

    async def bridge(
        self, presented: Presented, caller: Caller, found: Found | None, sent: Sent | None = None
    ) -> Answered:
        """Without counters, and on disk before it is told. `sent`: where the call was when it got no answer.

        Raises SpoolUnavailable.
        """
        now = time.time_ns() // 1_000_000
        verdict = decide(found.facts if found else None, presented.asked, now)
        told = _answered(verdict, presented.id, now, caller.revision, degraded=True)
        if found is None:
            self._accountant.unknown.note(caller.environment.id, now)
        else:
            await self._spool.keep(self._spooled(presented, found, told, sent))
        return told

    def _spooled(self, presented: Presented, found: Found, told: Answered, sent: Sent | None) -> Spooled:
        shard, prepared = self._prepared(found, presented.asked.usage, told.now)
        if told.verdict.valid:
            words = _words(presented, found, told.verdict, prepared, shard, Mode.RECORDED)
        else:
            words = prepared.words(Mode.DENIED, found.facts.license, found.facts.key)  # it is not remembered
        return Spooled(shard, msgspec.msgpack.decode(words), _logged(presented, found, told, prepared), sent)

    def _prepared(self, found: Found, usage: dict[str, int], now: int) -> tuple[int, Prepared]:
        """As the last call of this key was, if this one uses the same in the same windows; and the shard."""
        shard, last = found.shard, found.prepared
        if shard is None:
            shard = found.shard = self._accountant.shard_of(found.facts.customer.id)
        if last is None or not last.serves(usage, now):
            facts = found.facts
            meters = facts.catalog.meters if facts.catalog else {}
            last = prepare(facts.terms, facts.license, facts.key, shard, usage=usage, meters=meters, now=now)
            found.prepared = last
        return shard, last


class Counting(Call, kw_only=True, eq=False):
    """A call that has its verdict but for what the counters say."""

    pending: Answered
    settling: Settling
    place: int

    def counted(self, counted: Counted) -> None:
        if counted.code is _CONFLICT:
            detail = "This Idempotency-Key came with another request before; use a new one."
            self.settling.refuse(Refused("unprocessable", "idempotency_key_reused", detail))
            return
        if counted.code is _NOT_READY:  # of one that a rule had refused
            counted = NOTHING_COUNTED
        pending = self.pending
        verdict = weigh(pending.verdict, counted)
        self.settling.settle(self.place, _answered(verdict, pending.id, pending.now, pending.revision))

    def failed(self, error: AccountingUnavailable) -> None:
        self.settling.failed(self.place, error)


def check_meters(asked: VerifyRequest, caller: Caller) -> None:
    """Raises BadRequest: usage of a meter that is not there would be lost in silence."""
    if caller.catalog is None:
        return
    for meter in asked.usage:
        if meter not in caller.catalog.meters:
            detail = f"There is no meter {meter!r} in this environment; create it first."
            raise BadRequest(f"/usage/{escaped(meter)}", "not_found", detail)


def _mode(verdict: Verdict, asked: VerifyRequest) -> Mode:
    return _DENIED if verdict.reason is not _VALID else _ENFORCED if asked.usage else _SHOWN


def _words(
    presented: Presented, found: Found, verdict: Verdict, prepared: Prepared, shard: int, mode: Mode | None = None
) -> bytes:
    once, asked, facts = presented.once, presented.asked, found.facts
    mode = _mode(verdict, asked) if mode is None else mode
    if not once:
        return prepared.words(mode, facts.license, facts.key)
    record = record_key(shard, facts.environment.id, facts.key.id, once)
    return prepared.words(mode, facts.license, facts.key, record, presented.fingerprint())


def _logged(presented: Presented, found: Found, pending: Answered, prepared: Prepared) -> Logged:
    """By place, in the order that Logged has them: for every call, and by name they would take twice as long."""
    asked, facts, newer = presented.asked, found.facts, found.newer_digest
    return Logged(
        presented.id,
        pending.now,
        facts.environment.id,
        facts.customer.id,
        facts.license.id,
        facts.key.id,
        facts.plan.id,
        facts.version,
        pending.verdict.reason,
        prepared.usage,
        prepared.adds,
        prepared.checks.charges,
        asked.features,
        asked.scopes,
        max(facts.revision, pending.revision),
        int((time.perf_counter() - presented.arrived) * 1_000_000),
        asked.ip,
        asked.method,
        asked.resource,
        asked.user,
        asked.device,
        _encode(asked.context).decode() if asked.context else "{}",
        newer.value.hex() if newer else None,
        newer.pepper_version if newer else 0,
    )


def _fingerprint(asked: VerifyRequest) -> str:
    """The request but for its name; the order of members does not matter."""
    told: dict[str, Any] = msgspec.structs.asdict(asked) | {"request_id": None}
    return _digest(_encode(told))


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _answered(verdict: Verdict, name: bytes, now: int, revision: int, *, degraded: bool = False) -> Answered:
    metrics.VERDICTS.inc(verdict.reason)
    return Answered(verdict, name, now, revision, degraded)
