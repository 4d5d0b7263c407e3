"""What verify decided about a key or a license, newest first; the database keeps it for 30 days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from licensing.models import Decision
from tenants.tenancy import Place

KEPT = timedelta(days=30)


class After(NamedTuple):
    """Where a page ends: calls of one moment are told apart by their id."""

    decided_at: datetime
    id: UUID


def decisions_of(column: str, subject: UUID, within: Place, now: datetime) -> QuerySet[Decision]:
    """`column` is `key_id` or `license_id`. Those beyond their time are not shown, even while they are still there."""
    found: QuerySet[Decision] = Decision.objects.within(within).filter(**{column: subject})
    return found.filter(decided_at__gt=now - KEPT)


def page_after(rows: QuerySet[Decision], after: After | None, most: int) -> Sequence[Decision]:
    ordered = rows.order_by("-decided_at", "-id")
    if after is not None:
        earlier = Q(decided_at__lt=after.decided_at) | Q(decided_at=after.decided_at, id__lt=after.id)
        # The first condition says again what the second does, as one the index can begin at.
        ordered = ordered.filter(decided_at__lte=after.decided_at).filter(earlier)
    found: list[Any] = list(ordered[:most])
    return found
