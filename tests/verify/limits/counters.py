"""The script of the counters on a real store, called as the verify service calls it."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from verify.facts import BillingPeriod, KeyFacts, LicenseFacts, PlanTerms, Quota, RateLimit
from verify.ground.ids import new
from verify.limits import call as calls
from verify.limits import shards
from verify.limits.call import Mode
from verify.limits.checks import Checks, checks_of
from verify.limits.counted import Counted, counted
from verify.limits.log_entry import Logged, encode_calls

NOW = int(time.time() * 1000)  # the node's clock; Redis has its own, and lets counters go by it
MANY = 10**9

Answer = tuple[int, list[list[Any]]] | None


class Counters:
    """`store` is a client of one Redis or of a cluster; `ready`, whether the counters are those of the ledger."""

    def __init__(self, store: Any, number: int = 1, *, ready: bool = True) -> None:
        self.store, self.number, self.shard = store, number, shards.shard_of("cus_1", number)
        self.most_undrained, self.remember_ms = MANY, 60_000
        for shard in range(number if ready else 0):
            store.set(shards.ready_key(shard), "1")

    def run(self, shard: int, words: list[list[Any]], batch: str = "", *, answered: Sequence[str] = ()) -> Answer:
        keys = calls.keys(shard, batch or new("batch"))
        told = msgspec.msgpack.encode(words)
        logged = encode_calls([logged_as("VALID") for _ in words])
        limits = str(self.most_undrained), str(self.remember_ms)
        reply = self.store.eval(calls.SCRIPT, len(keys), *keys, told, logged, *limits, *answered)
        answer: Answer = msgspec.msgpack.decode(reply)
        return answer

    def count(self, checks: Checks, mode: Mode = Mode.ENFORCED, record: str = "", fingerprint: str = "") -> Counted:
        """One call of the customer `cus_1`, alone in its batch."""
        words = calls.call(mode, checks, self.shard, record=record, fingerprint=fingerprint)
        answer = self.run(self.shard, [words])
        assert answer is not None
        return counted(answer[1][0], checks, answer[0])

    def logged(self) -> int:
        return int(self.store.xlen(shards.log_key(self.shard)))


def logged_as(reason: str) -> Logged:
    return Logged(
        id=b"0" * 16,
        decided_at=NOW,
        plan_version=1,
        reason=reason,
        usage={},
        added={},
        charges={},
        features=[],
        scopes=[],
        revision=1,
        latency_us=1,
        environment=new("env"),
        customer=new("cus"),
        license=new("lic"),
        key=new("key"),
        plan=new("plan"),
    )


def checks(
    *limits: RateLimit | Quota,
    usage: dict[str, int] | None = None,
    license: str = "lic_1",
    customer: str = "cus_1",
    key: str = "key_1",
    counts_as: str = "",
    now: int = NOW,
    meters: dict[str, str] | None = None,
) -> Checks:
    rates = tuple(one for one in limits if isinstance(one, RateLimit))
    quotas = tuple(one for one in limits if isinstance(one, Quota))
    held = LicenseFacts(license, customer, "plan_1", 1, 0, None, None, False, False, billing=BillingPeriod(0))
    presented = KeyFacts(key, None, license, None, None, False, False, counts_as=counts_as)
    terms = PlanTerms((), {}, rates, quotas)
    usage = {"requests": 1} if usage is None else usage
    return checks_of(terms, held, presented, usage=usage, meters=meters or {"requests": "sum"}, now=now)


def rate(limit: int, seconds: int, burst: int = 0, *, name: str = "steady", per: str = "license") -> RateLimit:
    return RateLimit(name, limit, seconds, burst or limit, per)


def quota(
    limit: int, period: str = "day", *, meter: str = "requests", overage: str = "deny", per: str = "license"
) -> Quota:
    return Quota(meter, limit, period, overage, per)
