"""What the addresses of these pages are about; what is not there, or is another tenant's, is a 404."""

from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from dashboard.views.viewer import Viewer
from tenants.models import AuditEntry, Environment, Job, SecretKey
from tenants.models.kept import Kept
from tenants.queries.audit_chain import with_links
from tenants.queries.jobs import shown_to
from tenants.tenancy import tenant_transaction

K = TypeVar("K", bound=Kept)


def secret_key_of(viewer: Viewer, secret_key_id: UUID) -> SecretKey:
    row: SecretKey = _found(SecretKey.objects.within(viewer.environment), viewer, secret_key_id)
    return row


def job_of(viewer: Viewer, job_id: UUID) -> Job:
    """One of a kind that the viewer may see."""
    return _found(shown_to(viewer.actor, Job.objects.within(viewer.environment)), viewer, job_id)


def environment_of(viewer: Viewer, environment_id: UUID) -> Environment:
    """Any of the organization's."""
    rows = Environment.objects.of_organization(viewer.environment.organization_id)
    row: Environment = _found(rows, viewer, environment_id)
    return row


def entry_of(viewer: Viewer, entry_id: UUID) -> AuditEntry:
    """Of the whole organization, with its link in the chain."""
    row: AuditEntry = _found(AuditEntry.objects.of_organization(viewer.environment.organization_id), viewer, entry_id)
    with tenant_transaction(row.organization_id):
        with_links([row])
    return row


def _found(rows: QuerySet[K], viewer: Viewer, row_id: UUID) -> K:
    with tenant_transaction(viewer.environment.organization_id):
        row = rows.filter(pk=row_id).first()
    if row is None:
        raise Http404
    return row
