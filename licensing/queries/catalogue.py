"""What plans refer to by code, and whether anything refers to an object of the catalogue."""

from licensing.models import Meter, Plan, PlanVersion, Product
from licensing.models.catalogue import Coded
from tenants.tenancy import Place

REQUESTS = "requests"


def meters_of(within: Place) -> dict[str, str]:
    """Every meter's aggregation, by its code."""
    return dict(Meter.objects.within(within).values_list("code", "aggregation"))


def is_in_use(row: Coded, within: Place) -> bool:
    """Whether a plan, in any of its versions, refers to it; the meter `requests` always is."""
    versions = PlanVersion.objects.within(within)
    if isinstance(row, Product):
        return bool(Plan.objects.within(within).filter(product=row.id).exists())
    if isinstance(row, Meter):
        return row.code == REQUESTS or bool(versions.filter(quotas__contains=[{"meter": row.code}]).exists())
    return bool(versions.filter(features__has_key=row.code).exists())
