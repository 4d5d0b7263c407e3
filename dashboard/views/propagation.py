"""Saying honestly whether a change is in force already."""

from typing import Protocol
from uuid import UUID

from tenants.queries.propagation import is_told
from tenants.tenancy import tenant_transaction


class Changed(Protocol):
    """A row that the data plane is told of, or what is remembered of its change."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def revision(self) -> int: ...


def told(change: Changed) -> str:
    """One sentence, to be asked for after the change has committed."""
    with tenant_transaction(change.organization_id):
        in_force = is_told(change.organization_id, change.revision)
    return "It is in force now." if in_force else "It takes effect as soon as the verify service can be reached."
