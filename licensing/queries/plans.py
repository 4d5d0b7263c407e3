"""Plans beside the terms that a reader wants, and how many licenses have which version."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from licensing.models import License, Plan, PlanVersion
from licensing.models.plan import TERMS
from tenants.tenancy import Place
from verify.ground.ids import decode


def with_latest_terms(plans: Sequence[Plan], within: Place) -> None:
    """Sets `terms`, the latest version, on every plan: one query for all of them."""
    found = PlanVersion.objects.within(within).filter(plan__in=[plan.id for plan in plans])
    terms = {(version.plan_id, version.version): version for version in found}
    for plan in plans:
        plan.terms = terms[plan.id, plan.latest_version]  # type: ignore[attr-defined]  # set for the reader alone


def with_details(within: Place) -> QuerySet[Plan]:
    """Each with its product, and `licenses`, the number of those that were not revoked: one query for all of them."""
    licenses = License.objects.within(within).filter(plan=OuterRef("pk"), revoked_at__isnull=True).order_by()
    counted = licenses.values("plan").annotate(number=Count("pk")).values("number")
    plans: QuerySet[Plan] = Plan.objects.within(within).select_related("product")
    return plans.annotate(licenses=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def named(text: str, within: Place) -> Plan | None:
    """By id or, if it is no id of a plan here, by code."""
    plans = Plan.objects.within(within)
    found: Plan | None = None
    if (plan_id := decode(Plan.PREFIX, text)) is not None:
        found = plans.filter(pk=plan_id).first()
    return found or plans.filter(code=text).first()


def licenses_by_version(plan: Plan, within: Place) -> Counter[int]:
    """How many licenses have each version in force, revoked ones aside."""
    pinned = License.objects.within(within).filter(plan=plan.id, revoked_at__isnull=True).order_by()
    counted: Counter[int] = Counter()
    for version, number in pinned.values_list("plan_version").annotate(Count("pk")):
        counted[max(version, plan.floor_version)] += number
    return counted


def lifted(plan: Plan, within: Place) -> int:
    """How many licenses would get another version if the latest were published for all."""
    counted = licenses_by_version(plan, within)
    return sum(number for version, number in counted.items() if version < plan.latest_version)


def versions_of(plan: Plan, within: Place) -> QuerySet[PlanVersion]:
    found: QuerySet[PlanVersion] = PlanVersion.objects.within(within).filter(plan=plan.id)
    return found


def terms_of(version: PlanVersion) -> dict[str, Any]:
    return {term: getattr(version, term) for term in TERMS}
