"""Which plans have a price, and which prices a license's own version has."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import F

from licensing.models import License, PlanVersion
from licensing.queries.licenses import effective_version
from tenants.tenancy import Place


def offers(prices: Collection[str], within: Place) -> dict[str, list[UUID]]:
    """The plans that sell each price now, or where none does, those that did in a version that was ever published."""
    found: dict[str, tuple[list[UUID], list[UUID]]] = {}
    versions = PlanVersion.objects.within(within).filter(
        published_at__isnull=False, stripe_price_ids__overlap=list(prices)
    )
    current = F("plan__published_version")
    for version in versions.annotate(current=current).order_by("-version", "plan_id"):
        for price in set(version.stripe_price_ids).intersection(prices):
            of_now, of_before = found.setdefault(price, ([], []))
            if version.plan_id not in (*of_now, *of_before):
                (of_now if version.version == version.current else of_before).append(version.plan_id)
    return {price: of_now or of_before for price, (of_now, of_before) in found.items()}


def own_prices(license: License, within: Place) -> frozenset[str]:
    """Of the version that the license has, whatever its plan sells others at by now."""
    versions = PlanVersion.objects.within(within).filter(plan=license.plan_id, version=effective_version(license))
    return frozenset(versions.get().stripe_price_ids)
