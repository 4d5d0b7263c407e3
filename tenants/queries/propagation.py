"""Whether the data plane was told of a row's last change."""

from tenants.models import OutboxEntry
from tenants.models.kept import FactBearing


def is_told(row: FactBearing) -> bool:
    """To be asked inside the tenant's transaction, after the change has committed."""
    waiting = OutboxEntry.objects.of_organization(row.organization_id).filter(
        subject_id=row.pk, published_at__isnull=True
    )
    return not waiting.exists()
