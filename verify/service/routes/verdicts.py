"""From what a caller asks, in whatever form, to the verdicts on it: the one way that every route takes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from verify.digests import Pepper
from verify.request import VerifyRequest
from verify.service.accounting.accountant import Accountant, AccountingUnavailable
from verify.service.facts.lookup import Caller, Trail, find_caller, find_facts
from verify.service.facts.store import FactStore, StoreNotReady, StoreUnavailable
from verify.service.http.exchange import Exchange, Refused, Response
from verify.service.verifying import Answered, Presented, Verifier, named

PERMISSION = "verify"


class Question(NamedTuple):
    """`parse` may raise Refused, and is called once it is known that the caller may ask; `once` is the Idempotency-Key,
    None without one. `tell` gets as many answers as `parse` gave questions, in their order.
    """

    secret_key: str
    parse: Callable[[Exchange], list[VerifyRequest]]
    tell: Callable[[Sequence[Answered]], Response]
    once: str | None


class Desk:
    """`ask` is the way from an exchange to its verdicts."""

    def __init__(self, peppers: tuple[Pepper, ...], store: FactStore, accountant: Accountant) -> None:
        self._peppers, self._store, self._accountant = peppers, store, accountant
        self._verifier = Verifier(accountant)

    async def ask(self, exchange: Exchange, question: Question) -> Response:
        """Raises Refused."""
        return question.tell(await self._verdicts(exchange, question))

    async def _verdicts(self, exchange: Exchange, question: Question) -> list[Answered]:
        try:
            return await self._decided(exchange, question, Trail(self._store), degraded=False)
        except StoreNotReady as error:
            detail = "The facts are being rebuilt after a loss; try again in a few seconds."
            raise Refused("unavailable", "not_ready", detail) from error
        except (StoreUnavailable, AccountingUnavailable):
            return await self._bridged(exchange, question)

    async def _bridged(self, exchange: Exchange, question: Question) -> list[Answered]:
        """Redis cannot be reached: what is remembered may answer where the environment says so."""
        try:
            return await self._decided(exchange, question, Trail(self._store, suspect=True), degraded=True)
        except (StoreNotReady, StoreUnavailable) as error:
            detail = "The facts or the counters cannot be reached now; try again shortly."
            raise Refused("unavailable", "unavailable", detail) from error

    async def _decided(self, exchange: Exchange, question: Question, trail: Trail, *, degraded: bool) -> list[Answered]:
        caller = await self._caller(question.secret_key, trail)
        if degraded and not self._may_bridge(caller):
            raise StoreUnavailable
        asked = question.parse(exchange)

        async def one(presented: Presented) -> Answered:
            key = presented.asked.key
            found = await find_facts(trail, self._peppers, caller, key) if key is not None else None
            if degraded:
                return self._verifier.bridge(presented, caller, found)
            return await self._verifier.verify(presented, caller, found)

        calls = named(asked, exchange, question.once)
        if len(calls) == 1:
            return [await one(calls[0])]
        return await asyncio.gather(*(one(call) for call in calls))

    async def _caller(self, secret_key: str, trail: Trail) -> Caller:
        caller = await find_caller(trail, self._peppers, secret_key)
        if caller is None or not _is_in_force(caller, time.time_ns() // 1_000_000):
            detail = "Send `Authorization: Bearer lsk_…` with a secret key that is in force."
            raise Refused("unauthenticated", "invalid_secret_key", detail)
        if not {PERMISSION, "*"}.intersection(caller.secret_key.scopes):
            raise Refused("forbidden", "permission_missing", f"This secret key lacks the scope `{PERMISSION}`.")
        return caller

    def _may_bridge(self, caller: Caller) -> bool:
        environment = caller.environment
        away = max(self._store.seconds_suspect(), self._accountant.seconds_away())
        return environment.on_outage == "allow" and away <= environment.stale_seconds


def _is_in_force(caller: Caller, now: int) -> bool:
    key = caller.secret_key
    return not key.revoked and (key.expires_at is None or now < key.expires_at)
