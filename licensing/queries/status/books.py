"""What the database says of the way between the planes: the outbox, the ledger's drain, its audit and its partitions.

Each statement is given up after a second, and one that fails takes the others with it: then nothing is known (None).
"""

import contextlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.db import DatabaseError, connections, transaction
from django.db.models import Min

from licensing.models import BrokenEntry, Drained
from licensing.rules.status.books import SeenAudit
from licensing.rules.status.facts import SeenOutbox
from tenants.models import FactsEpoch, OutboxEntry

MOST_WAITING = 100_000  # counted; more is as bad


class SeenBooks(NamedTuple):
    """`days_ahead`: see licensing.rules.status.books.partitions."""

    outbox: SeenOutbox
    audits: list[SeenAudit]
    broken: int
    days_ahead: int


def seen_books(now: datetime) -> SeenBooks | None:
    try:
        with _bounded():
            broken = BrokenEntry.objects.using("sweep").count()
            return SeenBooks(seen_outbox(now), seen_audits(), broken, _ahead(now.date()))
    except DatabaseError:
        return None


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '1s'")
        yield


def seen_outbox(now: datetime) -> SeenOutbox:
    """Raises DatabaseError."""
    waiting = OutboxEntry.objects.across_tenants().filter(published_at__isnull=True)
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    seconds = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    epoch = FactsEpoch.objects.using("sweep").get().epoch
    return SeenOutbox(waiting[:MOST_WAITING].count(), seconds, epoch)


def seen_audits() -> list[SeenAudit]:
    """Raises DatabaseError."""
    rows = Drained.objects.using("sweep").filter(audited_at__isnull=False).order_by("shard")
    return [SeenAudit(row.shard, row.audited_at, row.drifted) for row in rows if row.audited_at is not None]


def _ahead(today: date) -> int:
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT max(name) FROM usage_partitions() name WHERE name ~ '^decisions_[0-9]{8}$'")
        (last,) = cursor.fetchone()
    return (date.fromisoformat(last.rpartition("_")[2]) - today).days if last else -1
