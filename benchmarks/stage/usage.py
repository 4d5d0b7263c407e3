"""A usage log as verify nodes write it, in a shard that only this process drains; and its rows, to be copied again."""

import io
import json
import time
import uuid

import msgspec
from django.core.management import call_command
from django.db import connections, transaction

from licensing.usage.books import DECISION, LEDGER
from licensing.usage.drain import Drain
from licensing.usage.rows import ROLLUP_KEY
from licensing.usage.stream import client
from tenants.models import Environment
from verify.ground import ids
from verify.limits.counted import Code
from verify.limits.log_entry import Logged, encode_calls
from verify.limits.shards import backlog_key, log_key, shard_of

CALLS_OF_AN_ENTRY = 8  # as under load (verify.service.accounting.accountant.FULL)
ROLLUP = (*ROLLUP_KEY, "environment_id", "customer_id", "value", "largest", "calls")
TABLES = {
    "decisions": DECISION,
    "ledger": LEDGER,
    "usage_seen": ("organization_id", "id"),
}
SUMS = {
    "usage_hours": ROLLUP,
    "usage_days": ROLLUP,
    "key_uses": ("organization_id", "key_id", "last_used_at"),
}


class Log:
    """One organization's log; `first` is the least id of what was written last."""

    def __init__(self, keys: int) -> None:
        told = io.StringIO()
        call_command("create_organization", "Benchmark", f"{ids.new('mem')}@example.com", stdout=told)
        self._made = json.loads(told.getvalue())
        environment = ids.decode("env", self._made["environment"])
        self.organization: uuid.UUID = Environment.objects.across_tenants().get(id=environment).organization_id
        self._people = [(ids.new("lic"), ids.new("key")) for _ in range(keys)]
        self._shard = shard_of(self._made["sample"]["customer"], 1024)
        self._drain = Drain([self._shard], consumer="benchmark")
        self._drain.tick()  # its shard is ready now
        self.first = ids.new_uuid()

    def write(self, calls: int) -> None:
        self.first = ids.new_uuid()
        now = time.time_ns() // 1_000_000
        while (ids.new_uuid().int >> 80) == (self.first.int >> 80):
            pass  # what follows is greater, whatever its random part
        for start in range(0, calls, CALLS_OF_AN_ENTRY):
            several = [self._call(number, now) for number in range(start, min(start + CALLS_OF_AN_ENTRY, calls))]
            outcomes = msgspec.msgpack.encode((now * 1000, [[int(Code.ADMITTED), [], []] for _ in several]))
            client().xadd(log_key(self._shard), {"calls": encode_calls(several), "outcomes": outcomes})
            client().incrby(backlog_key(self._shard), len(several))

    def drain(self) -> None:
        """Until nothing is left."""
        while self._drain.tick():
            pass

    def _call(self, number: int, now: int) -> Logged:
        license, key = self._people[number % len(self._people)]
        return Logged(
            id=ids.new_uuid().bytes,
            decided_at=now,
            environment=self._made["environment"],
            customer=self._made["sample"]["customer"],
            license=license,
            key=key,
            plan=self._made["sample"]["plan"],
            plan_version=1,
            reason="VALID",
            usage={"requests": 1},
            added={"requests": 1},
            charges={"requests": 4},
            features=[],
            scopes=["reports:read"],
            revision=1,
            latency_us=80,
        )


class Tables:
    """What one organization has in them, and may be given again to others."""

    def __init__(self, organization: uuid.UUID) -> None:
        self._organization = organization

    def written_since(self, first: uuid.UUID) -> dict[str, bytes]:
        """By table the text of its rows from that id on, of an organization that nobody has; of sums all."""
        found, other = {}, uuid.uuid4()
        with connections["sweep"].cursor() as cursor:
            for table, columns in (TABLES | SUMS).items():
                rows = f"SELECT {', '.join(columns)} FROM {table} WHERE organization_id = '{self._organization}'"  # noqa: S608 - its words are ours
                since = f" AND id > '{first}'" if table in TABLES else ""
                with cursor.copy(f"COPY ({rows}{since}) TO STDOUT") as told:
                    text = b"".join(map(bytes, told))
                found[table] = text.replace(str(self._organization).encode(), str(other).encode())
        return found

    def write(self, texts: dict[str, bytes]) -> None:
        with transaction.atomic(using="sweep"), connections["sweep"].cursor() as cursor:
            for table, columns in (TABLES | SUMS).items():
                with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    copy.write(texts[table])

    def counts(self) -> dict[str, int]:
        with connections["sweep"].cursor() as cursor:
            found = {}
            for table in TABLES:
                words = f"SELECT count(*) FROM {table} WHERE organization_id = %s"  # noqa: S608 - as above
                cursor.execute(words, [self._organization])
                found[table] = int(cursor.fetchone()[0])
        return found
