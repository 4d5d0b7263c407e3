"""From what a caller asks, in whatever form, to the verdicts on it: the one way that every route takes.

Where all facts are at hand the exchange goes through without a coroutine: looked up, decided, handed to the counters,
and answered when they have. Whatever must be waited for, facts to be fetched or Redis being away, is a coroutine.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from verify.digests import Pepper
from verify.ground.problem import FieldError
from verify.request import BadRequest, VerifyRequest
from verify.service import metrics
from verify.service.accounting.accountant import Accountant, where_counted
from verify.service.accounting.calls import AccountingUnavailable, CountersNotReady
from verify.service.facts.lookup import Caller, Found, Name, NotHeld, Trail, find_caller, find_facts
from verify.service.facts.store import TRUST_SECONDS, FactStore, StoreNotReady, StoreUnavailable
from verify.service.http.exchange import Exchange, Refused, Response
from verify.service.spool.spool import Spool, SpoolUnavailable
from verify.service.verifying import Answered, Presented, Verifier, check_meters, named_alone

PERMISSION = "verify"


class Question(msgspec.Struct, eq=False):
    """What the fields of an exchange ask. `parse` may raise Refused, and is called once it is known that the caller may
    ask; `name` makes calls of what it gives, by `once`, the Idempotency-Key, None without one. `tell` gets an answer to
    each, in their order. `pointer` says where the exchange has what its request at a place has at a pointer. `caller`
    is who it was the last time.
    """

    secret_key: str
    parse: Callable[[Exchange], list[VerifyRequest]]
    tell: Callable[[Exchange, Sequence[Answered]], Response]
    once: str | None
    name: Callable[[list[VerifyRequest], Exchange, str | None], list[Presented]] = named_alone
    pointer: Callable[[int, str], str] = lambda _, pointer: pointer
    caller: Caller | None = None


class Desk:
    """`ask` is the way from an exchange to its verdicts."""

    def __init__(self, peppers: tuple[Pepper, ...], store: FactStore, accountant: Accountant, spool: Spool) -> None:
        self._peppers, self._store, self._accountant, self._spool = peppers, store, accountant, spool
        self._verifier = Verifier(accountant, spool)

    def ask(self, exchange: Exchange, question: Question) -> Coroutine[Any, Any, None] | None:
        """Answers the exchange, now or later, or gives what will. Raises Refused."""
        trail = Trail(self._store)
        try:
            inquiry = self._look_up(exchange, question, trail)
        except NotHeld as missing:
            return self._fetch(exchange, question, trail, missing)
        except StoreNotReady as error:
            raise _not_ready() from error
        self._count(inquiry)
        return None

    async def bridge(self, inquiry: "Inquiry", place: int, error: AccountingUnavailable) -> None:
        """A call could not be counted: its facts may answer where the environment says so, and it is kept on disk."""
        caller, (presented, counted) = inquiry.caller, inquiry.calls[place]
        if not self._may_bridge(caller, counted):
            inquiry.refuse(_counters_not_ready() if isinstance(error, CountersNotReady) else _unavailable())
            return
        try:
            found = await self._find_to_bridge(caller, presented)
            inquiry.settle(place, await self._verifier.bridge(presented, caller, found, error.sent))
        except (StoreNotReady, StoreUnavailable, SpoolUnavailable):
            inquiry.refuse(_unavailable())

    async def _find_to_bridge(self, caller: Caller, presented: Presented) -> Found | None:
        """Read where Redis can be reached for facts, else remembered. Raises StoreUnavailable, StoreNotReady."""
        trail = Trail(self._store, suspect=not self._store.is_trusted())
        while True:
            try:
                key = presented.asked.key
                return None if key is None else find_facts(trail, self._peppers, caller, key)
            except NotHeld as missing:
                await trail.fetch(missing)

    async def _remember(self, exchange: Exchange, question: Question) -> None:
        """Facts could not be fetched: what is remembered may answer where the environment says so. Not at once: the
        connection alone may be gone, and come back before anything has become suspect.
        """
        if self._store.is_trusted():
            raise _unavailable()
        try:
            inquiry = self._look_up(exchange, question, Trail(self._store, suspect=True))
            if self._may_bridge(inquiry.caller):
                bridged = [
                    self._verifier.bridge(presented, inquiry.caller, found) for presented, found in inquiry.calls
                ]
                exchange.answer(question.tell(exchange, await asyncio.gather(*bridged)))
                return
        except (StoreNotReady, StoreUnavailable, SpoolUnavailable) as error:
            raise _unavailable() from error
        raise _unavailable()

    async def _fetch(self, exchange: Exchange, question: Question, trail: Trail, missing: NotHeld) -> None:
        metrics.COLD.inc()
        again = True
        while True:
            try:
                await trail.fetch(missing)
                inquiry = self._look_up(exchange, question, trail)
            except NotHeld as more:
                missing = more.with_traceback(None)  # or it and this frame would hold each other, as above
            except StoreNotReady as error:
                raise _not_ready() from error
            except StoreUnavailable:
                if again and self._store.is_trusted():  # the connection came back meanwhile
                    again = False
                    continue
                await self._remember(exchange, question)
                return
            else:
                self._count(inquiry)
                return

    def _look_up(self, exchange: Exchange, question: Question, trail: Trail) -> "Inquiry":
        """Raises Refused, NotHeld, StoreNotReady, StoreUnavailable."""
        now = time.time_ns() // 1_000_000
        caller = self._caller(question, trail, now)
        calls: list[tuple[Presented, Found | None]] = []
        missing: dict[Name, None] = {}  # no errors: each would hold this very frame, and the frame would hold it
        several = question.name(question.parse(exchange), exchange, question.once)
        for presented in several:
            try:
                check_meters(presented.asked, caller)
                key = presented.asked.key
                found = None if key is None else find_facts(trail, self._peppers, caller, key)
                calls.append((presented, found))
            except NotHeld as needed:
                missing |= dict.fromkeys(needed.names)
            except BadRequest as bad:
                raise refusal(bad, question.pointer(several.index(presented), bad.pointer)) from bad
        if missing:
            raise NotHeld(list(missing))
        return Inquiry(self, exchange, question, now, caller, calls, [None] * len(calls), len(calls))

    def _count(self, inquiry: "Inquiry") -> None:
        for place, (presented, found) in enumerate(inquiry.calls):
            self._verifier.verify(presented, inquiry.caller, found, inquiry, place, inquiry.now)

    def _caller(self, question: Question, trail: Trail, now: int) -> Caller:
        caller = question.caller
        if caller is None or not trail.trusts(caller):
            caller = question.caller = find_caller(trail, self._peppers, question.secret_key)
        if caller is None or now >= caller.until:
            detail = "A secret key in force is needed: `Authorization: Bearer lsk_…`, from gateways `Licet-Secret-Key`."
            raise Refused("unauthenticated", "invalid_secret_key", detail)
        if PERMISSION not in caller.secret_key.scopes and "*" not in caller.secret_key.scopes:
            raise Refused("forbidden", "permission_missing", f"This secret key lacks the scope `{PERMISSION}`.")
        return caller

    def _may_bridge(self, caller: Caller, counted: Found | None = None) -> bool:
        """Current facts may, while calls like `counted` cannot be; suspect ones only if Redis is not heard at all."""
        environment = caller.environment
        if environment.on_outage != "allow" or not self._spool.is_there:
            return False
        if self._store.is_trusted():
            return self._seconds_away(counted) <= environment.stale_seconds
        if self._is_heard_elsewhere():
            return False
        return self._store.seconds_stale() <= environment.stale_seconds

    def _seconds_away(self, counted: Found | None) -> float:
        if counted is None or counted.prepared is None or counted.shard is None:
            return 0.0
        return self._accountant.seconds_away(where_counted(counted.shard, counted.prepared.checks))

    def _is_heard_elsewhere(self) -> bool:
        """The counters' connection was there all the time and has answers; only the facts' is cut off."""
        unproven, unheard = self._store.seconds_unproven(), self._accountant.seconds_unheard()
        if self._accountant.seconds_connected() < unproven:
            return False
        return unheard <= TRUST_SECONDS and unproven - unheard > TRUST_SECONDS / 2


class Inquiry(msgspec.Struct, eq=False):
    """One exchange with all that is needed to decide: when (milliseconds), who asks, each call with its facts; and the
    verdicts as they come. When all have, it is answered. The first refusal is the answer.
    """

    desk: Desk
    exchange: Exchange
    question: Question
    now: int
    caller: Caller
    calls: list[tuple[Presented, Found | None]]
    answers: list[Any]
    waiting: int
    over: bool = False

    def settle(self, place: int, answered: Answered) -> None:
        self.answers[place] = answered
        self.waiting -= 1
        if self.waiting or self.over:
            return
        self.over = True
        try:
            self.exchange.answer(self.question.tell(self.exchange, self.answers))
        except Exception as bug:  # noqa: BLE001 - the edge: see Exchange.fail
            self.exchange.fail(bug)

    def refuse(self, refused: Refused) -> None:
        if not self.over:
            self.over = True
            self.exchange.refuse(refused)

    def failed(self, place: int, error: AccountingUnavailable) -> None:
        if not self.over:
            self.exchange.answer_by(self.desk.bridge(self, place, error))


def refusal(bad: BadRequest, pointer: str | None = None) -> Refused:
    """400, at `pointer` if it says more than that of `bad`."""
    error = FieldError(bad.pointer if pointer is None else pointer, bad.code, bad.detail)
    return Refused("invalid", "invalid_request", bad.detail, (error,))


def _unavailable() -> Refused:
    return Refused("unavailable", "unavailable", "The facts or the counters cannot be reached now; try again shortly.")


def _not_ready() -> Refused:
    return Refused("unavailable", "not_ready", "The facts are being rebuilt after a loss; try again in a few seconds.")


def _counters_not_ready() -> Refused:
    detail = "The counters are being rebuilt after a loss; try again in a few seconds."
    return Refused("unavailable", "not_ready", detail)
