"""Licenses of one status, asked of the database: the same conditions as verify.license_status, row by row."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q, QuerySet

from licensing.models import License
from verify.license_status import Status


def with_status(rows: QuerySet[License], status: Status, now: datetime) -> QuerySet[License]:
    """Those whose `standing(now).status` is `status`."""
    return rows.filter(_CONDITIONS[status](now)) if status in _CONDITIONS else rows.none()


def _seated(now: datetime) -> Q:
    """Seats enough, or still time to see to it."""
    return Q(over_limit_ends_at__isnull=True) | Q(over_limit_ends_at__gt=now)


def _by_hand(now: datetime) -> Q:
    return Q(revoked_at__isnull=True, suspended_at__isnull=True, billing_state__isnull=True) & _seated(now)


def _begun(now: datetime) -> Q:
    return _by_hand(now) & Q(starts_at__lte=now)


def _not_over(now: datetime) -> Q:
    return _begun(now) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def _ended(now: datetime) -> Q:
    return Q(billing_state__isnull=False) & (Q(billing_state="ended") | Q(expires_at__lte=now))


def _unpaid(now: datetime) -> Q:
    return Q(billing_state="suspended") | Q(billing_state="grace", grace_ends_at__lte=now)


def _going_on(now: datetime) -> Q:
    """A subscription drives it, and neither hand nor billing nor a lack of seats holds it back."""
    held = Q(revoked_at__isnull=True, suspended_at__isnull=True, billing_state__isnull=False)
    open_end = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return held & open_end & ~Q(billing_state="ended") & ~_unpaid(now) & _seated(now)


def _paid(now: datetime) -> Q:
    return _going_on(now) & Q(starts_at__lte=now, billing_state="active")


def _suspended(now: datetime) -> Q:
    suspended = Q(suspended_at__isnull=False) | Q(over_limit_ends_at__lte=now)
    held = Q(billing_state__isnull=True) & suspended
    billed = Q(billing_state__isnull=False) & (suspended | _unpaid(now))
    open_end = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return Q(revoked_at__isnull=True) & (held | (billed & open_end & ~Q(billing_state="ended")))


_CONDITIONS: dict[Status, Callable[[datetime], Q]] = {
    Status.REVOKED: lambda _: Q(revoked_at__isnull=False),
    Status.ENDED: lambda now: Q(revoked_at__isnull=True) & _ended(now),
    Status.SUSPENDED: _suspended,
    Status.PENDING: lambda now: (
        (_by_hand(now) & Q(starts_at__gt=now)) | (_going_on(now) & (Q(starts_at__gt=now) | Q(billing_state="pending")))
    ),
    Status.EXPIRED: lambda now: _begun(now) & (Q(expires_at__lte=now) | Q(trial_ends_at__lte=now)),
    Status.GRACE: lambda now: _going_on(now) & Q(starts_at__lte=now, billing_state="grace"),
    Status.TRIALING: lambda now: (_not_over(now) | _paid(now)) & Q(trial_ends_at__gt=now),
    Status.ACTIVE: lambda now: (
        (_not_over(now) & Q(trial_ends_at__isnull=True))
        | (_paid(now) & (Q(trial_ends_at__isnull=True) | Q(trial_ends_at__lte=now)))
    ),
}
