"""What an address is about: the row it names, or the 404 that is the same for a missing one and another tenant's."""

from datetime import datetime
from uuid import UUID

from django.http import Http404

from dashboard.views.viewer import Viewer
from licensing.models import Key, License
from licensing.queries import keys, licenses
from tenants.tenancy import tenant_transaction


def license_of(viewer: Viewer, license_id: UUID, now: datetime) -> License:
    with tenant_transaction(viewer.environment.organization_id):
        row = licenses.found(license_id, viewer.environment, now)
    if row is None:
        raise Http404
    return row


def key_of(viewer: Viewer, key_id: UUID) -> Key:
    """With its license and the license's customer."""
    with tenant_transaction(viewer.environment.organization_id):
        row = keys.found(key_id, viewer.environment)
    if row is None:
        raise Http404
    return row
