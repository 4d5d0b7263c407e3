"""How often keys that nobody knows were presented: somebody mistypes, or tries."""

from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from licensing.models import UnknownKeys


def unknown_since(organization_id: UUID, moment: datetime) -> dict[UUID, int]:
    """By environment; those without any are left out."""
    rows = UnknownKeys.objects.of_organization(organization_id).filter(minute__gte=moment)
    return dict(rows.values_list("environment_id").annotate(Sum("times")))
