"""What the clock brings of seats: a deadline that passed, a key that expired, licenses whose plan was lifted."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from licensing.actions.seats import is_settled, settle_license
from licensing.models import License, Plan
from licensing.queries.licenses import seats, with_seats
from tenants.rules.permissions import system
from tenants.tenancy import place_of, tenant_transaction

BATCH = 500
MOST = 2_000  # that are told of one plan in one round: the next goes on where it stopped
BEGINNING = UUID(int=0)


def settle_what_came(*, now: datetime) -> int:
    """Flagged licenses, and those of plans that were published for all; returns how many had something to tell."""
    flagged = License.objects.across_tenants().filter(over_limit_since__isnull=False, revoked_at__isnull=True)
    told, after = 0, BEGINNING
    while batch := _next(flagged, after, now):
        told, after = told + _settled(batch, now), batch[-1].id
    lifted = Plan.objects.across_tenants().filter(seats_looked_at__isnull=False).order_by("id")
    return told + sum(_of_plan(plan, now) for plan in lifted)


def _of_plan(plan: Plan, now: datetime) -> int:
    licenses = License.objects.across_tenants().filter(organization_id=plan.organization_id, plan=plan.id)
    told, after = 0, plan.seats_looked_at
    while told < MOST:
        batch = _next(licenses, after or BEGINNING, now)
        told += _settled(batch, now)
        after = batch[-1].id if len(batch) == BATCH else None
        _note(plan, after)
        if after is None:
            break
    return told


def _next(licenses: QuerySet[License], after: UUID, now: datetime) -> list[License]:
    return list(with_seats(licenses.filter(id__gt=after), now).order_by("id")[:BATCH])


def _settled(batch: list[License], now: datetime) -> int:
    due = [row for row in batch if not is_settled(row, seats(row), now)]
    return sum(settle_license(row.id, within=place_of(row), by=system(), now=now) for row in due)


def _note(plan: Plan, after: UUID | None) -> None:
    """How far it is; not if the floor was lifted once more meanwhile, since that begins anew."""
    with tenant_transaction(plan.organization_id):
        same = Plan.objects.within(place_of(plan)).filter(pk=plan.pk, floor_version=plan.floor_version)
        same.update(seats_looked_at=after)
