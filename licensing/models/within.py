"""References between rows of one tenant, held by the database to the same organization."""

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """Its constraint is on `(organization_id, id)` and made by the migration, so that no row can point at
    another tenant's and no error tells that one exists.
    """

    def __init__(self, to: Any, **options: Any) -> None:
        options |= {"on_delete": models.PROTECT, "related_name": "+", "db_constraint": False}
        super().__init__(to, **options)
