"""Saying honestly whether a change is in force already."""

from tenants.models.kept import FactBearing
from tenants.queries.propagation import is_told
from tenants.tenancy import tenant_transaction


def told(row: FactBearing) -> str:
    """One sentence, to be asked for after the change has committed."""
    with tenant_transaction(row.organization_id):
        in_force = is_told(row.organization_id, row.revision)
    return "It is in force now." if in_force else "It takes effect as soon as the verify service can be reached."
