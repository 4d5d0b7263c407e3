"""An environment: test or live, with its own catalogue, customers and keys."""

from django.db import models

from tenants.models.kept import FactBearing


class Environment(FactBearing):
    PREFIX = "env"
    FACT_KIND = "environment"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=4, choices=[("test", "test"), ("live", "live")])
    on_outage = models.CharField(max_length=5, choices=[("deny", "deny"), ("allow", "allow")], default="deny")
    stale_seconds = models.PositiveIntegerField(default=60)
    has_imported_keys = models.BooleanField(default=False)

    class Meta:
        db_table = "environments"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="environments_tenant_key"),
            models.UniqueConstraint(fields=["organization_id", "name"], name="environments_name_once"),
            models.CheckConstraint(condition=models.Q(kind__in=["test", "live"]), name="environments_kind_known"),
            models.CheckConstraint(
                condition=models.Q(on_outage__in=["deny", "allow"]), name="environments_on_outage_known"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
