"""Licenses of one status, asked of the database: the same conditions as verify.license_status, row by row."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q, QuerySet

from licensing.models import License
from verify.license_status import Status


def with_status(rows: QuerySet[License], status: Status, now: datetime) -> QuerySet[License]:
    """Those whose `standing(now).status` is `status`."""
    return rows.filter(_CONDITIONS[status](now)) if status in _CONDITIONS else rows.none()


def _free() -> Q:
    return Q(revoked_at__isnull=True, suspended_at__isnull=True)


def _begun(now: datetime) -> Q:
    return _free() & Q(starts_at__lte=now)


def _not_over(now: datetime) -> Q:
    return _begun(now) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


_CONDITIONS: dict[Status, Callable[[datetime], Q]] = {
    Status.REVOKED: lambda _: Q(revoked_at__isnull=False),
    Status.SUSPENDED: lambda _: Q(revoked_at__isnull=True, suspended_at__isnull=False),
    Status.PENDING: lambda now: _free() & Q(starts_at__gt=now),
    Status.EXPIRED: lambda now: _begun(now) & (Q(expires_at__lte=now) | Q(trial_ends_at__lte=now)),
    Status.TRIALING: lambda now: _not_over(now) & Q(trial_ends_at__gt=now),
    Status.ACTIVE: lambda now: _not_over(now) & Q(trial_ends_at__isnull=True),
}
