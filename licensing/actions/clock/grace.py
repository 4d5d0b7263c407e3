"""Grace of licenses whose plan was published for all with other days of it: they get it, whatever was told before."""

import logging
from datetime import datetime, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest
from kombu.exceptions import OperationalError

from licensing.actions.billing import settle_grace
from licensing.actions.clock.seats import BATCH, BEGINNING
from licensing.models import License, PlanVersion
from tenants.actions.jobs import hand_to_worker
from tenants.rules.permissions import system
from tenants.tenancy import place_of

TASK, QUEUE = "licensing.tasks.settle_grace", "critical"  # as a plan is in force at once

log = logging.getLogger("licet.licensing")


def hand_out_grace() -> None:
    """Should the broker be away, the round comes."""
    try:
        hand_to_worker(TASK, [], QUEUE)
    except OperationalError as error:
        log.warning("Grace under another plan waits for the broker: %s", error)


def settle_all_grace(*, now: datetime) -> int:
    """Across tenants; returns how many have another end of grace by now."""
    told, after = 0, BEGINNING
    while batch := list(_differing().filter(id__gt=after).order_by("id")[:BATCH]):
        told += sum(settle_grace(row.id, within=place_of(row), by=system(), now=now) for row in batch)
        after = batch[-1].id
    return told


def _differing() -> QuerySet[License]:
    """Few are in grace at all, and have an index of their own."""
    number = Greatest(OuterRef("plan_version"), OuterRef("plan__floor_version"))
    versions = PlanVersion.objects.across_tenants().filter(organization_id=OuterRef("organization_id"))
    days = Subquery(versions.filter(plan=OuterRef("plan"), version=number).values("grace_days"))
    grace = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
    ends = ExpressionWrapper(F("unpaid_since") + grace, output_field=DateTimeField())
    licenses: QuerySet[License] = License.objects.across_tenants().filter(billing_state="grace")
    return licenses.annotate(ends=ends).exclude(ends=F("grace_ends_at")).filter(unpaid_since__isnull=False)
