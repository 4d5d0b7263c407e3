"""Licenses and keys, across tenants, whose end is near or has just passed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from licensing.models import Key, License
from licensing.models.held import OPEN
from licensing.rules.endings import LATE, NEAR, Ending, key_endings, license_endings
from licensing.rules.terms import Ends

BATCH = 500

Row = License | Key


def batches(now: datetime) -> Iterator[tuple[QuerySet[Any], list[Row]]]:
    """Each with the queryset it can be read from again."""
    open_licenses = License.objects.across_tenants().filter(OPEN)
    open_keys = Key.objects.across_tenants().filter(OPEN, license__revoked_at__isnull=True)
    for rows, column, since in (
        (open_licenses, "trial_ends_at", now - LATE),
        (open_licenses, "expires_at", now - LATE),
        (open_keys, "expires_at", now),
    ):
        found = rows.filter(**{f"{column}__gt": since, f"{column}__lte": now + NEAR})
        yield from ((rows, batch) for batch in _in_order(found, column))


def endings_of(row: Row, now: datetime) -> list[Ending]:
    if isinstance(row, License):
        return license_endings(row.standing(now), Ends(row.expires_at, row.trial_ends_at), now)
    return key_endings(row.expires_at, now)


def _in_order(rows: QuerySet[Any], column: str) -> Iterator[list[Row]]:
    """By the end and then the id: the index's order, so that no batch reads what another did."""
    later = rows
    while batch := list(later.order_by(column, "id")[:BATCH]):
        yield batch
        end = getattr(batch[-1], column)
        later = rows.filter(**{f"{column}__gte": end}).exclude(**{column: end, "id__lte": batch[-1].id})
