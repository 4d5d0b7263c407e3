"""Licenses beside what a reader wants to know of each: customer, plan, and how many keys are in use."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from licensing.models import Key, License, PlanVersion
from licensing.models.plan import TERMS
from licensing.queries.keys import in_force
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
