"""An organization: one tenant, a company that sells an API."""

from django.db import models

from tenants.tenancy import TenantManager
from verify.ground.ids import new_uuid


class Organization(models.Model):
    """Its own id is its tenant: the policy of this one table compares `id`."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = TenantManager["Organization"]()

    class Meta:
        db_table = "organizations"

    def __str__(self) -> str:
        return self.name
