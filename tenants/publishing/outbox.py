"""Writing a row that the data plane must be told of: the row, its new revision and the outbox entry are one write.

The revision is drawn while the row's lock is held (or before the row exists), so of two changes to one row the
later has the higher number. Right after COMMIT the fact is published; if that fails, the relay finds the entry.
"""

from datetime import datetime
from functools import partial

from django.db import connection, transaction

from tenants.models import OutboxEntry
from tenants.models.kept import FactBearing
from tenants.publishing.publisher import publish_after_commit

REVISIONS = "facts_revision"  # a sequence over all tenants: a number says order, not how many changes there were


def insert_and_tell(row: FactBearing, *, now: datetime) -> None:
    _draw_revision(row)
    row.save(force_insert=True)
    _enter(row, now)


def update_and_tell(row: FactBearing, *fields: str, now: datetime) -> None:
    """`row` must have been read `FOR UPDATE` in this transaction."""
    _draw_revision(row)
    row.save(force_update=True, update_fields=[*fields, "revision"])
    _enter(row, now)


def _draw_revision(row: FactBearing) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s::regclass)", [REVISIONS])
        row.revision = cursor.fetchone()[0]


def _enter(row: FactBearing, now: datetime) -> None:
    entry = OutboxEntry(
        organization_id=row.organization_id,
        kind=row.FACT_KIND,
        subject_id=row.pk,
        revision=row.revision,
        created_at=now,
    ).insert()
    transaction.on_commit(partial(publish_after_commit, entry.pk))
