"""What plans refer to by code, and whether anything refers to an object of the catalogue."""

from django.db.models import QuerySet

from licensing.models import Meter, Plan, PlanVersion, Product
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


def is_in_use(row: Coded, within: Place) -> bool:
    """Whether a plan refers to it; the meter `requests` always is."""
    return (isinstance(row, Meter) and row.code == REQUESTS) or plans_with(row, within).exists()
