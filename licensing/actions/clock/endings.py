"""Announcing what no request does: that an end is near, or has passed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from licensing.models import Key
from licensing.queries.endings import Row, batches, endings_of
from tenants.actions.events import Occasion, announce_occasions, unannounced
from tenants.clock import milliseconds
from verify.answer import rfc3339
from verify.ground.ids import encode


def announce_endings(*, now: datetime) -> int:
    """Each end once, however often and by however many sweeps at once this is done; returns how many were told."""
    told = 0
    for rows, batch in batches(now):
        fresh = {one.subject.id for one in _fresh(batch, now)}
        if fresh:
            told += _announce(rows, fresh, now)
    return told


def _announce(rows: QuerySet[Row], ids: set[UUID], now: datetime) -> int:
    """Read again under lock: what was renewed or revoked meanwhile is not announced. What somebody changes at this
    moment is left to the next sweep.
    """
    with transaction.atomic(using="sweep"):
        locked = rows.filter(pk__in=ids).select_for_update(skip_locked=True, of=("self",), no_key=True)
        fresh = _fresh(list(locked), now)
        announce_occasions(fresh, now=now)
    return len(fresh)


def _fresh(rows: Sequence[Row], now: datetime) -> list[Occasion]:
    found = [
        Occasion(
            ending.type,
            row,
            ending.end,
            _of_what(row)
            | {ending.field: rfc3339(milliseconds(ending.end))}
            | ({"reason": ending.reason} if ending.reason else {}),
        )
        for row in rows
        for ending in endings_of(row, now)
    ]
    return unannounced(found)


def _of_what(row: Row) -> dict[str, str]:
    return {"license": encode("lic", row.license_id)} if isinstance(row, Key) else {}
