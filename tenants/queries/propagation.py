"""Whether the data plane was told of a row's last change."""

from uuid import UUID

from tenants.models import OutboxEntry


def is_told(organization_id: UUID, revision: int) -> bool:
    """Of the change with this revision. To be asked inside the tenant's transaction, after the change committed."""
    waiting = OutboxEntry.objects.of_organization(organization_id).filter(revision=revision, published_at__isnull=True)
    return not waiting.exists()
