"""Writing a resource's row: the row, its new revision and, if the data plane must be told, the outbox entry.

The revision is drawn while the row's lock is held (or before the row exists), so of two changes to one row the
later has the higher number. Right after COMMIT its facts are published; if that fails, the relay finds the entries.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.models import OutboxEntry
from tenants.models.kept import FactBearing, Versioned
from tenants.publishing.publisher import publish_after_commit

REVISIONS = "facts_revision"  # a sequence over all tenants: a number says order, not how many changes there were


def insert_and_tell(row: Versioned, *, now: datetime) -> None:
    insert_all_and_tell([row], now=now)


def insert_all_and_tell(rows: Sequence[Versioned], *, now: datetime) -> None:
    """Many rows of one kind, in a few statements."""
    for row, revision in zip(rows, _draw_revisions(len(rows)), strict=True):
        row.revision = revision
    if rows:
        type(rows[0])._base_manager.bulk_create(rows)
    _enter([row for row in rows if isinstance(row, FactBearing)], now)


def update_and_tell(row: Versioned, *fields: str, now: datetime) -> None:
    """`row` must have been locked in this transaction."""
    row.revision = _draw_revisions(1)[0]
    row.save(force_update=True, update_fields=[*fields, "revision"])
    _enter([row] if isinstance(row, FactBearing) else [], now)


def delete_for_good(row: Versioned) -> None:
    """Only of what the data plane was never told; `row` keeps a new revision that says when it went."""
    row.revision = _draw_revisions(1)[0]
    type(row)._base_manager.filter(pk=row.pk).delete()


def _draw_revisions(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [REVISIONS, count])
        return [revision for (revision,) in cursor.fetchall()]


def _enter(rows: Sequence[FactBearing], now: datetime) -> None:
    entries = [
        OutboxEntry(
            organization_id=row.organization_id,
            kind=row.FACT_KIND,
            subject_id=row.pk,
            revision=row.revision,
            created_at=now,
        )
        for row in rows
    ]
    if entries:
        OutboxEntry._base_manager.bulk_create(entries)
        written = _written.setdefault(connections[DEFAULT_DB_ALIAS], [])
        written += [entry.pk for entry in entries]
        transaction.on_commit(partial(_tell, written))


# Of the transaction that is open, and of those before it that were rolled back: whose entries nobody will find.
_written: WeakKeyDictionary[BaseDatabaseWrapper, list[UUID]] = WeakKeyDictionary()


def _tell(written: list[UUID]) -> None:
    """Once for a transaction, however often it wrote: the first that is called tells all."""
    entries = written.copy()
    written.clear()
    if entries:
        publish_after_commit(entries)
