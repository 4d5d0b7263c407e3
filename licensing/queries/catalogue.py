"""What plans refer to by code, and whether anything refers to an object of the catalogue."""

from django.db.models import QuerySet

from licensing.models import Feature, License, Meter, Plan, PlanVersion, Product, UsageDay
from licensing.models.catalogue import Coded
from tenants.tenancy import Place

REQUESTS = "requests"


def meters_of(within: Place) -> dict[str, str]:
    """Every meter's aggregation, by its code."""
    return dict(Meter.objects.within(within).values_list("code", "aggregation"))


def plans_with(row: Coded, within: Place) -> QuerySet[Plan]:
    """Those that refer to it, in any of their versions."""
    plans: QuerySet[Plan] = Plan.objects.within(within)
    versions: QuerySet[PlanVersion] = PlanVersion.objects.within(within)
    if isinstance(row, Product):
        return plans.filter(product=row.id)
    if isinstance(row, Meter):
        return plans.filter(pk__in=versions.filter(quotas__contains=[{"meter": row.code}]).values("plan"))
    return plans.filter(pk__in=versions.filter(features__has_key=row.code).values("plan"))


def used_by(row: Coded, within: Place) -> str:
    """What refers to it, for a sentence to begin with: a plan, a license by its overrides, usage that is in the sums;
    "" if nothing does. Every call refers to the meter `requests`.
    """
    if isinstance(row, Meter) and row.code == REQUESTS:
        return "Every call"
    if plans_with(row, within).exists():
        return "A plan"
    if _licenses_with(row, within).exists():
        return "A license"
    is_counted = isinstance(row, Meter) and UsageDay.objects.within(within).filter(meter=row.code).exists()
    return "Recorded usage" if is_counted else ""


def _licenses_with(row: Coded, within: Place) -> QuerySet[License]:
    licenses: QuerySet[License] = License.objects.within(within)
    if isinstance(row, Meter):
        return licenses.filter(overrides__quotas__contains=[{"meter": row.code}])
    if isinstance(row, Feature):
        return licenses.filter(overrides__features__has_key=row.code)
    return licenses.none()
