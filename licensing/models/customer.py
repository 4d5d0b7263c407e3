"""A customer: who is licensed."""

from django.db import models

from tenants.models.kept import FactBearing, InEnvironment


class Customer(FactBearing, InEnvironment):
    PREFIX = "cus"
    FACT_KIND = "customer"

    name = models.CharField(max_length=200)
    email = models.EmailField(null=True)  # noqa: DJ001 - not known is not ""
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 - unique where given
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "customers"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="customers_tenant_key"),
            models.UniqueConstraint(
                fields=["organization_id", "environment_id", "external_id"], name="customers_external_id_once"
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "environment_id", "-id"], name="customers_newest_first")]

    def __str__(self) -> str:
        return self.name
