"""Announcing what the clock brings to licenses that a subscription drives: grace that is over, a trial, an end."""

from datetime import datetime

from django.db.models import Q

from licensing.actions.billing import tell_billing
from licensing.models import License
from tenants.rules.permissions import system
from tenants.tenancy import place_of
from verify.license_status import Status

BATCH = 500


def tell_what_came(*, now: datetime) -> int:
    """Each once, however many sweeps there are; returns how many were told."""
    came = (
        Q(told_status=Status.GRACE, grace_ends_at__lte=now)
        | Q(told_status=Status.TRIALING, trial_ends_at__lte=now)
        | (~Q(told_status=Status.ENDED) & Q(managed_by__isnull=False, expires_at__lte=now))
    )
    found = list(License.objects.across_tenants().filter(came).order_by("id")[:BATCH])
    return sum(tell_billing(row.id, within=place_of(row), by=system(), now=now) for row in found)
