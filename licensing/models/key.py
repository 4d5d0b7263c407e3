"""A customer's key. Only its digest is kept: the secret is in the answer that created it, and nowhere after."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from licensing.models.license import License
from licensing.models.within import TenantForeignKey
from tenants.models.kept import FactBearing, InEnvironment


class Key(FactBearing, InEnvironment):
    PREFIX = "key"
    FACT_KIND = "key"

    license = TenantForeignKey(License)
    name = models.CharField(max_length=200, null=True)  # noqa: DJ001 - shown as null, not as ""
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32)
    pepper_version = models.PositiveIntegerField()
    last4 = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=128), null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.CharField(max_length=500, blank=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "keys"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "environment_id", "digest"], name="keys_digest_once"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "environment_id", "-id"], name="keys_newest_first"),
            models.Index(fields=["organization_id", "license", "-id"], name="keys_of_license"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def status(self, now: datetime) -> str:
        """`revoked`, `expired` or `active`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"
