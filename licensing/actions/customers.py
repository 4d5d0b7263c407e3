"""Creating and changing customers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from licensing.models import Customer
from tenants.actions import audit
from tenants.actions.writing import applied, locked, unique
from tenants.models import Environment
from tenants.publishing.outbox import insert_and_tell, update_and_tell
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction


def create_customer(  # the resource's own fields, and who, where and when
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    name: str,
    email: str | None = None,
    external_id: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> Customer:
    row = Customer(
        organization_id=within.organization_id,
        environment_id=within.id,
        name=name,
        email=email,
        external_id=external_id,
        metadata=metadata or {},
        created_at=now,
    )
    with unique("external_id", "customers_external_id_once"), tenant_transaction(within.organization_id):
        insert_and_tell(row, now=now)
        audit.record("customer.created", row, by=by, now=now, environment_id=within.id, changes={"name": name})
    return row


def change_customer(customer_id: UUID, *, within: Environment, by: Actor, now: datetime, **given: Any) -> Customer:
    """Each given field replaces the whole old one."""
    with unique("external_id", "customers_external_id_once"), tenant_transaction(within.organization_id):
        row = locked(Customer, customer_id, within)
        if changes := applied(row, given):
            update_and_tell(row, *changes, now=now)
            audit.record("customer.changed", row, by=by, now=now, environment_id=within.id, changes=changes)
    return row
