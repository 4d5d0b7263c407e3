"""Writes what entries of the log say into the tables: each call once, in one transaction."""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from django.db import DataError, IntegrityError, OperationalError, connections, transaction
from psycopg.errors import ProgramLimitExceeded

from licensing.usage import reading, rows
from licensing.usage.opening import Piece
from licensing.usage.reading import Call, Read, Strangers
from licensing.usage.stream import Entry, EntryId
from tenants.models import Environment
from verify.ground.failpoints import failpoint

DECISION = (
    *("organization_id", "id", "decided_at", "logged_at", "environment_id", "customer_id", "license_id", "key_id"),
    *("plan_id", "plan_version", "outcome", "repeat", "usage", "features", "scopes", "revision", "latency_us", "ip"),
    *("method", "resource", "user_name", "device", "context"),
)
LEDGER = (
    *("organization_id", "id", "meter", "decided_at", "logged_at", "environment_id", "customer_id", "license_id"),
    *("key_id", "plan_version", "features", "charges", "value"),
)
ROWS_AT_ONCE = 200  # on their way to PostgreSQL

log = logging.getLogger("licet.drain")

# Everything is written table after table and in the order of keys, so that two drains never wait for each other.
SEEN = """
    WITH told AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[]) AS told(organization_id, id)),
    fresh AS (
        INSERT INTO usage_seen (organization_id, id) SELECT * FROM told ORDER BY 1, 2
        ON CONFLICT DO NOTHING RETURNING organization_id, id
    )
    SELECT organization_id, id FROM told LEFT JOIN fresh USING (organization_id, id) WHERE fresh IS NULL
"""
ROLLUP = """
    INSERT INTO {table} AS kept ({key}, environment_id, customer_id, value, largest, calls)
    SELECT {key}, environment_id, customer_id, value, largest, calls FROM json_to_recordset(%s::json) AS told(
        organization_id uuid, starts_at timestamptz, license_id uuid, key_id uuid, meter text, features text[],
        outcome text, plan_version integer, charges smallint, environment_id uuid, customer_id uuid, value numeric,
        largest numeric, calls bigint)
    ORDER BY {key}
    ON CONFLICT ({key}) DO UPDATE SET value = kept.value + excluded.value,
        largest = greatest(kept.largest, excluded.largest), calls = kept.calls + excluded.calls
"""
KEY_USES = """
    INSERT INTO key_uses AS kept (organization_id, key_id, last_used_at)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS told(organization_id, key_id, used_at)
    ORDER BY 1, 2
    ON CONFLICT (organization_id, key_id) DO UPDATE SET last_used_at = excluded.last_used_at
    WHERE kept.last_used_at < excluded.last_used_at
"""
UNKNOWN = """
    INSERT INTO unknown_keys AS kept (organization_id, environment_id, minute, times)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::bigint[])
        AS told(organization_id, environment_id, minute, times)
    ORDER BY 1, 2, 3
    ON CONFLICT (organization_id, environment_id, minute) DO UPDATE SET times = kept.times + excluded.times
"""
ASIDE = """
    INSERT INTO broken_entries (shard, entry, found_at, error, fields) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""
DRAINED = """
    INSERT INTO drained AS kept (shard, last_ms, last_seq) VALUES (%s, %s, %s)
    ON CONFLICT (shard) DO UPDATE SET last_ms = excluded.last_ms, last_seq = excluded.last_seq
    WHERE (kept.last_ms, kept.last_seq) < (excluded.last_ms, excluded.last_seq)
"""


class Books:
    """Knows whose the environments are, as long as the process lives: that never changes."""

    def __init__(self) -> None:
        self._organizations: dict[str, str] = {}

    def enter(self, shard: int, piece: Piece, *, now: datetime) -> list[Call]:
        """Gives the calls that were new. What the database does not take is put aside alone (`broken_entries`)."""
        told, entries = [one.told for one in piece], [one.entry for one in piece]
        self._meet(reading.environments(told))
        found = reading.read(told, self._organizations)
        try:
            return _write(shard, entries, found, now)
        except (DataError, IntegrityError, OperationalError) as error:
            if isinstance(error, OperationalError) and not isinstance(error.__cause__, ProgramLimitExceeded):
                raise  # the database is away: that is waited out
            if len(piece) == 1:
                refused = Read(faults={0: reading.clean(f"{type(error).__name__}: {error}")[:500]})
                return _write(shard, entries, refused, now)
        half = len(piece) // 2
        return self.enter(shard, piece[:half], now=now) + self.enter(shard, piece[half:], now=now)

    def _meet(self, environments: set[str]) -> None:
        if strange := environments - self._organizations.keys():
            known = Environment.objects.across_tenants().filter(pk__in=strange)
            self._organizations |= {one.hex: its.hex for one, its in known.values_list("id", "organization_id")}


def last_entries(shards: Iterable[int]) -> dict[int, EntryId]:
    """The last entry of each shard's log that is in the tables; not of those that have none."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT shard, last_ms, last_seq FROM drained WHERE shard = ANY(%s)", [list(shards)])
        return {shard: EntryId(ms, seq) for shard, ms, seq in cursor.fetchall()}


def _write(shard: int, entries: Sequence[Entry], found: Read, now: datetime) -> list[Call]:
    with transaction.atomic(using="sweep"), connections["sweep"].cursor() as cursor:
        fresh = _unseen(cursor, [*found.calls, *found.strangers])
        calls = [one for one in fresh if isinstance(one, Call)]
        _copy(cursor, "decisions", DECISION, map(rows.decision, calls))
        _copy(cursor, "ledger", LEDGER, map(rows.ledger, calls))
        hours = rows.by_hour(calls)
        for table, sums in (("usage_hours", hours), ("usage_days", rows.by_day(hours))):
            if told := rows.rollup(sums):
                cursor.execute(ROLLUP.format(table=table, key=", ".join(rows.ROLLUP_KEY)), [json.dumps(told)])
        _note_uses(cursor, calls)
        _note_strangers(cursor, [one for one in fresh if isinstance(one, Strangers)])
        for place, error in found.faults.items():
            entry = entries[place]
            cursor.execute(ASIDE, [shard, str(entry.id), now, error, msgspec.msgpack.encode(entry.fields)])
        cursor.execute(DRAINED, [shard, *max(entry.id for entry in entries)])
        failpoint("drain.before_commit")
    for place, error in found.faults.items():
        log.error("Entry %s of shard %d is put aside: %s", entries[place].id, shard, error)
    return calls


def _unseen(cursor: Any, told: Sequence[Call | Strangers]) -> list[Call | Strangers]:
    """Those of them that came for the first time: mostly all, which COPY finds out in a fifth of the time.

    Raises OperationalError if the connection went before it was back at where COPY began: Django says so to nobody.
    """
    first: dict[tuple[str, str], Call | Strangers] = {}
    for one in told:
        first.setdefault(one.name, one)
    try:
        with transaction.atomic(using="sweep"):
            _copy(cursor, "usage_seen", ("organization_id", "id"), (f"{its}\t{name}\n" for its, name in sorted(first)))
    except IntegrityError as known:
        if connections["sweep"].needs_rollback:
            message = "the connection was lost"
            raise OperationalError(message) from known
        cursor.execute(SEEN, [[name[0] for name in first], [name[1] for name in first]])
        for organization, name in cursor.fetchall():
            del first[organization.hex, name.hex]
    return list(first.values())


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Iterator[str]) -> None:
    """Piece by piece: PostgreSQL takes one in while the next is made."""
    with (
        connections["sweep"].wrap_database_errors,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        while piece := "".join(islice(rows, ROWS_AT_ONCE)):
            copy.write(piece)


def _note_uses(cursor: Any, calls: Sequence[Call]) -> None:
    last: dict[tuple[str, str], str] = {}
    for call in calls:
        if call.admitted:
            name = call.organization, call.key
            last[name] = max(call.decided_at, last.get(name, call.decided_at))
    if last:
        cursor.execute(KEY_USES, [[name[0] for name in last], [name[1] for name in last], list(last.values())])


def _note_strangers(cursor: Any, several: Sequence[Strangers]) -> None:
    times: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in several:
        times[one.organization, one.environment, one.minute] += one.times
    if times:
        columns = [list(column) for column in zip(*times, strict=True)]
        cursor.execute(UNKNOWN, [*columns, list(times.values())])
