"""Whether what a plan or a license grants fits the catalogue of its environment."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from licensing.models import Feature
from licensing.queries.catalogue import meters_of
from licensing.rules.limits import check_limits
from tenants.rules.refusal import bad_field
from tenants.tenancy import Place


def check_terms(terms: Mapping[str, Any], within: Place, *, at: str = "") -> None:
    """Raises Refusal (400) with a pointer below `at`. What they refer to is not removed until the transaction ends."""
    features: dict[str, Any] = terms.get("features") or {}
    if features or terms.get("quotas"):
        _share_catalog(within)
    # A boolean feature is on or off; a code that no feature explains yet may have any value.
    known = Feature.objects.within(within).filter(code__in=features, kind="boolean") if features else ()
    for feature in known:
        if not isinstance(features[feature.code], bool):
            raise bad_field(f"{at}features/{feature.code}", "This feature is boolean: true or false.")
    if terms.get("rate_limits") or terms.get("quotas"):
        check_limits(terms, meters_of(within), at=at)


def _share_catalog(within: Place) -> None:
    """Against whoever holds it (licensing.actions.catalogue), not against one another; Django knows no such lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM catalogs WHERE organization_id = %s AND environment_id = %s FOR SHARE",
            [within.organization_id, within.id],
        )
