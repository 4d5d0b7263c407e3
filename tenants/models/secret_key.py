"""A secret key (`lsk_…`): what a vendor's back end calls us with. Only its digest is kept."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models.kept import FactBearing, InEnvironment


class SecretKey(FactBearing, InEnvironment):
    PREFIX = "skey"
    FACT_KIND = "secret_key"

    name = models.CharField(max_length=200)
    scopes = ArrayField(models.CharField(max_length=64))
    digest = models.BinaryField(max_length=32, unique=True)
    pepper_version = models.PositiveIntegerField()
    last4 = models.CharField(max_length=4)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "secret_keys"
        indexes = [models.Index(fields=["organization_id", "environment_id", "-id"], name="secret_keys_newest_first")]

    def __str__(self) -> str:
        return self.public_id
