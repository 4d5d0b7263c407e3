"""Making and changing environments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from tenants.actions import audit
from tenants.actions.writing import applied, unique
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.rules.refusal import not_found
from tenants.tenancy import tenant_transaction


def create_environment(
    *, within: Environment, by: Actor, now: datetime, name: str, kind: str, **bridging: Any
) -> Environment:
    """Another environment of the organization of `within`. `bridging`: on_outage, stale_seconds."""
    row = Environment(organization_id=within.organization_id, name=name, kind=kind, created_at=now, **bridging)
    with unique("name", "environments_name_once"), tenant_transaction(within.organization_id):
        furnish(row, now=now)
        changes = {"name": name, "kind": kind}
        audit.record("environment.created", row, by=by, now=now, environment_id=row.id, changes=changes)
    return row


def furnish(row: Environment, *, now: datetime) -> None:
    """Inserts it with whatever the apps above say that every environment has (config names them)."""
    insert_and_tell(row, now=now)
    for path in settings.ENVIRONMENT_FURNISHERS:
        import_string(path)(row, now=now)


def change_environment(
    environment_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any
) -> Environment:
    """Each given field replaces the old one; the kind stays, as it is written into every key."""
    with unique("name", "environments_name_once"), tenant_transaction(within.organization_id):
        rows = Environment.objects.of_organization(within.organization_id).select_for_update()
        row: Environment | None = rows.filter(pk=environment_id).first()
        if row is None:
            raise not_found()
        if changes := applied(row, given):
            update_and_tell(row, *changes, now=now)
            audit.record("environment.changed", row, by=by, now=now, environment_id=row.id, changes=changes)
    return row
