"""Licenses beside what a reader wants to know of each: customer, plan, keys in use, and seats that are taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Greatest

from licensing.models import Key, License, PlanVersion
from licensing.models.plan import TERMS
from licensing.queries.keys import in_force
from licensing.rules.seats import Seats
from tenants.tenancy import Place


def with_details(within: Place, now: datetime) -> QuerySet[License]:
    """Each with its customer and plan, and `active_keys`: one query for all of them."""
    keys = in_force(Key.objects.within(within), now).filter(license=OuterRef("pk")).order_by()
    counted = keys.values("license").annotate(number=Count("pk")).values("number")
    licenses: QuerySet[License] = License.objects.within(within).select_related("customer", "plan")
    return licenses.annotate(active_keys=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def effective_version(license: License) -> int:
    """The plan version that is in force: the pinned one, or the plan's floor where that is higher."""
    version: int = max(license.plan_version, license.plan.floor_version)
    return version


def granted_scopes(license: License, within: Place) -> list[str]:
    """What the version in force grants, or what was overridden, and thus what a key of the license may have."""
    overridden: list[str] | None = license.overrides.get("scopes")
    if overridden is not None:
        return overridden
    version = PlanVersion.objects.within(within).get(plan=license.plan_id, version=effective_version(license))
    scopes: list[str] = version.scopes
    return scopes


def granted(license: License, within: Place) -> dict[str, Any]:
    """All terms in force for it: those of its version, with its own features among them and its own limits instead."""
    version = PlanVersion.objects.within(within).get(plan=license.plan_id, version=effective_version(license))
    own: dict[str, Any] = license.overrides
    terms: dict[str, Any] = {term: getattr(version, term) for term in TERMS} | own
    return terms | {"features": version.features | own.get("features", {})}


def found(license_id: UUID, within: Place, now: datetime) -> License | None:
    return with_details(within, now).filter(pk=license_id).first()


def with_seats(licenses: QuerySet[License], now: datetime, within: Place | None = None) -> QuerySet[License]:
    """Each with what `seats` reads: one query for all of them. Across tenants unless it is said within which place."""

    def rows(model: Any) -> QuerySet[Any]:
        found = model.objects.across_tenants() if within is None else model.objects.within(within)
        alike: QuerySet[Any] = found.filter(organization_id=OuterRef("organization_id"))
        return alike

    number = Greatest(OuterRef("plan_version"), OuterRef("plan__floor_version"))
    version = rows(PlanVersion).filter(plan=OuterRef("plan"), version=number)

    def taken(policy: str) -> Subquery:
        of_license = _taking(rows(Key), policy, now).filter(license=OuterRef("pk")).order_by().values("license")
        return Subquery(of_license.annotate(number=_COUNTS[policy]).values("number"))

    by_policy = (When(seat_policy=policy, then=taken(policy)) for policy in _COUNTS)
    return licenses.annotate(
        seat_policy=Subquery(version.values("seat_policy")),
        over_limit_days=Subquery(version.values("over_limit_days")),
        seats_taken=Coalesce(Case(*by_policy, output_field=IntegerField()), 0),
    )


_COUNTS = {"key": Count("pk"), "user": Count("user", distinct=True)}


def _taking(keys: QuerySet[Key], policy: str, now: datetime) -> QuerySet[Key]:
    """A key takes a seat while it is neither revoked nor expired; a suspended one does. One that was rotated has handed
    its seat on, as long as its successor has it and it ends no later than the rotation said. A user's is one anyway.
    """
    going_on = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    lasting = keys.filter(going_on, revoked_at__isnull=True)
    if policy == "user":
        return lasting
    successors = lasting.filter(license=OuterRef("license"), rotated_from=OuterRef("pk"))
    in_time = Q(expires_at__isnull=False, handed_on_until__isnull=False, expires_at__lte=F("handed_on_until"))
    return lasting.exclude(Exists(successors) & in_time)


def seats(row: Any) -> Seats:
    """Of a license that `with_seats` found."""
    return Seats(row.seat_policy, row.over_limit_days, row.quantity, row.seats_taken)


def seats_of(license: License, within: Place, now: datetime) -> Seats:
    """Of one; keys are counted only where they take seats."""
    number = Greatest(license.plan_version, F("plan__floor_version"))
    versions = PlanVersion.objects.within(within).filter(plan=license.plan_id, version=number)
    policy, days = versions.values_list("seat_policy", "over_limit_days").get()
    if policy not in _COUNTS:
        return Seats(policy, days, license.quantity, 0)
    keys = _taking(Key.objects.within(within).filter(license=license.pk), policy, now)
    return Seats(policy, days, license.quantity, keys.aggregate(taken=_COUNTS[policy])["taken"])


def count_flagged(rows: Sequence[License], within: Place, now: datetime) -> None:
    """Sets `counted_seats` on each that is flagged: one query for all of them, none if there is none."""
    flagged = [row for row in rows if row.flag is not None]
    if flagged:
        known = License.objects.within(within).filter(pk__in=[row.pk for row in flagged])
        counted = {row.pk: seats(row) for row in with_seats(known, now, within)}
        for row in flagged:
            row.counted_seats = counted[row.pk]  # type: ignore[attr-defined]  # set for the reader alone
