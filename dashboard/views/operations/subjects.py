"""What the addresses of these pages are about; what is not there, or is another tenant's, is a 404."""

from typing import TypeVar
from uuid import UUID

from django.http import Http404

from dashboard.views.viewer import Viewer
from tenants.models import AuditEntry, Environment, Job, SecretKey
from tenants.models.kept import Kept
from tenants.queries.audit_chain import with_links
from tenants.tenancy import tenant_transaction

K = TypeVar("K", bound=Kept)


def secret_key_of(viewer: Viewer, secret_key_id: UUID) -> SecretKey:
    return _found(SecretKey, viewer, secret_key_id)


def job_of(viewer: Viewer, job_id: UUID) -> Job:
    return _found(Job, viewer, job_id)


def environment_of(viewer: Viewer, environment_id: UUID) -> Environment:
    """Any of the organization's."""
    return _found(Environment, viewer, environment_id, anywhere=True)


def entry_of(viewer: Viewer, entry_id: UUID) -> AuditEntry:
    """With its link in the chain."""
    row = _found(AuditEntry, viewer, entry_id, anywhere=True)
    with tenant_transaction(row.organization_id):
        with_links([row])
    return row


def _found(model: type[K], viewer: Viewer, row_id: UUID, *, anywhere: bool = False) -> K:
    """Of the page's environment; `anywhere` in its organization."""
    within = viewer.environment
    rows = model.objects.of_organization(within.organization_id) if anywhere else model.objects.within(within)
    with tenant_transaction(within.organization_id):
        row: K | None = rows.filter(pk=row_id).first()
    if row is None:
        raise Http404
    return row
