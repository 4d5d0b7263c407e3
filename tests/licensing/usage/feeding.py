"""A usage log as verify nodes write it, fed by hand; and what must come of it, counted independently."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections

from licensing.usage.drain import Drain
from licensing.usage.stream import client
from tests.places import Place
from verify.ground import ids
from verify.limits.counted import Code
from verify.limits.log_entry import Logged, encode_calls
from verify.limits.shards import backlog_key, counter_patterns, log_key, shard_of
from verify.reasons import Reason

HOUR_MS = 3_600_000
Said = tuple[Logged, Code]
_taken = {0}  # shards; the running copy's drain has the first


@dataclass
class Feed:
    """The log of one tenant's customer, in a shard that no other test has and no drain but the test's own."""

    place: Place
    base_ms: int
    total: int = 1024
    """Of how many shards there are. Nobody chooses in which of them a customer lies: one in a free shard is found."""
    entries: int = 0
    said: dict[bytes, Said] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert not _taken.issuperset(range(self.total))
        self.customer, self.license = self.place.sample["customer"], self.place.sample["license"]
        while (shard := shard_of(self.customer, self.total)) in _taken:
            self.customer = self.place.post("customers", {"name": "In a free shard"})["id"]
            sold = {"customer": self.customer, "plan": self.place.sample["plan"]}
            self.license = self.place.post("licenses", sold)["id"]
        self.shard = shard
        _taken.add(shard)

    @property
    def organization(self) -> UUID:
        return self.place.environment.organization_id

    def call(self, **other: Any) -> Logged:
        sample = self.place.sample
        told: dict[str, Any] = {
            "id": ids.new_uuid().bytes,
            "decided_at": self.base_ms,
            "environment": self.place.environment.public_id,
            "customer": self.customer,
            "license": self.license,
            "key": sample["key"],
            "plan": sample["plan"],
            "plan_version": 1,
            "reason": "VALID",
            "usage": {"requests": 1},
            "added": {"requests": 1},
            "charges": {"requests": 4},
            "features": [],
            "scopes": [],
            "revision": 1,
            "latency_us": 80,
        }
        return Logged(**(told | other))

    def any_call(self, chance: random.Random) -> Said:
        """Some admitted, some refused, some repeated, at some moment of two days."""
        amount = chance.randrange(0, 5)
        code = chance.choices([Code.ADMITTED, Code.LIMITED, Code.EXCEEDED, Code.REPEATED], [80, 8, 8, 4])[0]
        logged = self.call(
            decided_at=self.base_ms - chance.randrange(0, 48 * HOUR_MS),
            usage={"requests": 1, "tokens": amount},
            added={"requests": 1, "tokens": amount},
            charges={"requests": 4, "tokens": 16} if amount else {"requests": 4},
            features=chance.choice([[], ["export"], ["export", "audit", "export"]]),
        )
        return logged, code

    def tell(self, several: Sequence[Said]) -> bytes:
        """One entry of the log."""
        self.said |= {logged.id: (logged, code) for logged, code in several if logged.id not in self.said}
        self.entries += 1
        now_us = self.base_ms * 1000 + self.entries
        outcomes = msgspec.msgpack.encode((now_us, [[int(code), [], []] for _, code in several]))
        name = self.put({"calls": encode_calls([logged for logged, _ in several]), "outcomes": outcomes})
        client().incrby(backlog_key(self.shard), len(several))
        return name

    def put(self, fields: dict[str, bytes]) -> bytes:
        name: bytes = client().xadd(log_key(self.shard), dict(fields))
        return name

    def tell_many(self, calls: int, chance: random.Random, *, repeated_percent: int = 0) -> None:
        """In entries of 1 to 40 calls; so many percent of the items come a second time in another entry."""
        made: list[Said] = []
        while len(made) < calls:
            several = [self.any_call(chance) for _ in range(min(chance.randrange(1, 41), calls - len(made)))]
            made += several
            again = [chance.choice(made) for _ in range(len(several)) if chance.randrange(100) < repeated_percent]
            self.tell(several)
            if again:
                self.tell(list({logged.id: (logged, code) for logged, code in again}.values()))

    def drain(self) -> Drain:
        return Drain([self.shard], consumer="test")

    def counters(self) -> list[bytes]:
        """The names of all that the shard has."""
        return [name for pattern in counter_patterns(self.shard) for name in client().scan_iter(pattern)]

    def waiting(self) -> int:
        return int(client().xlen(log_key(self.shard)))

    def backlog(self) -> int:
        return int(client().get(backlog_key(self.shard)) or 0)


@dataclass(frozen=True)
class Books:
    """All that the tables must have, or do have: how many decisions, sums of the ledger and of both rollups."""

    decisions: Counter[tuple[str, bool]]
    ledger: dict[tuple[str, int], tuple[int, Decimal]]
    hours: dict[tuple[int, str, tuple[str, ...], str], tuple[int, Decimal, Decimal]]
    days: dict[tuple[int, str, tuple[str, ...], str], tuple[int, Decimal, Decimal]]


REASONS = {Code.LIMITED: Reason.RATE_LIMITED, Code.EXCEEDED: Reason.QUOTA_EXCEEDED}


def expected(feed: Feed) -> Books:
    """Counted here by other means than there."""
    books = Books(Counter(), {}, {}, {})
    for logged, code in feed.said.values():
        outcome = REASONS.get(code, logged.reason)
        books.decisions[str(outcome), code is Code.REPEATED] += 1
        for meter, value in logged.added.items():
            if value == 0 or code is Code.REPEATED:
                continue
            if code is Code.ADMITTED:
                entry = meter, logged.charges[meter]
                calls, total = books.ledger.get(entry, (0, Decimal(0)))
                books.ledger[entry] = calls + 1, total + value
            for length, sums in ((HOUR_MS, books.hours), (24 * HOUR_MS, books.days)):
                features = tuple(sorted(set(logged.features)))
                key = logged.decided_at // length * length, meter, features, str(outcome)
                calls, total, most = sums.get(key, (0, Decimal(0), Decimal(0)))
                sums[key] = calls + 1, total + value, max(most, Decimal(value))
    return books


def found(feed: Feed) -> Books:
    """In the tables."""
    rollup = """
        SELECT (extract(epoch FROM starts_at) * 1000)::bigint, meter, features, outcome, sum(calls), sum(value),
            max(largest) FROM {} WHERE organization_id = %s GROUP BY 1, 2, 3, 4
    """
    with connections["sweep"].cursor() as cursor:

        def rows(query: str) -> list[Any]:
            cursor.execute(query, [feed.organization])
            return list(cursor.fetchall())

        decisions = rows("SELECT outcome, repeat, count(*) FROM decisions WHERE organization_id = %s GROUP BY 1, 2")
        ledger = rows(
            "SELECT meter, charges, count(*), sum(value) FROM ledger WHERE organization_id = %s GROUP BY 1, 2"
        )
        hours, days = rows(rollup.format("usage_hours")), rows(rollup.format("usage_days"))
    return Books(
        Counter({(outcome, repeat): count for outcome, repeat, count in decisions}),
        {(meter, charges): (count, total) for meter, charges, count, total in ledger},
        *(
            {(at, meter, tuple(some), how): tuple(sums) for at, meter, some, how, *sums in told}
            for told in (hours, days)
        ),
    )
