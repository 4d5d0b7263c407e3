"""A customer's key. Only its digest is kept: the secret is in the answer that created it, and nowhere after."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from licensing.models.held import OPEN, Held
from licensing.models.license import License
from licensing.models.within import TenantForeignKey
from verify.ground.ids import encode


class Key(Held):
    """`former_digest` is by the pepper before: the name under which the data plane must not find it any more.
    `counts_as` is the first of the keys that were rotated into it, whose limits it shares; null: its own.
    A rotation sets `expires_at` and, alike, `handed_on_until`; `own_expires_at` is the end that the key had before.
    `last_used_at` is set by whoever shows keys (licensing.queries.keys).
    """

    PREFIX = "key"
    FACT_KIND = "key"

    license = TenantForeignKey(License)
    name = models.CharField(max_length=200, null=True)  # noqa: DJ001 - shown as null, not as ""
    prefix = models.CharField(max_length=16, null=True)  # noqa: DJ001 - an imported key may have none that is known
    digest = models.BinaryField(max_length=32)
    former_digest = models.BinaryField(max_length=32, null=True)
    pepper_version = models.PositiveIntegerField()
    last4 = models.CharField(max_length=4, null=True)  # noqa: DJ001 - as above
    imported = models.BooleanField(default=False)
    scopes = ArrayField(models.CharField(max_length=128), null=True)
    allowed_ips = ArrayField(models.CharField(max_length=43), default=list)
    user = models.CharField(max_length=200, null=True)  # noqa: DJ001 - bound to nobody is not bound to ""
    rotated_from = TenantForeignKey("Key", null=True)
    counts_as = models.UUIDField(null=True)
    expires_at = models.DateTimeField(null=True)
    own_expires_at = models.DateTimeField(null=True)
    handed_on_until = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)
    last_used_at: datetime | None = None

    class Meta:
        db_table = "keys"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="keys_tenant_key"),
            models.UniqueConstraint(fields=["organization_id", "environment_id", "digest"], name="keys_digest_once"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "environment_id", "-id"], name="keys_newest_first"),
            models.Index(fields=["organization_id", "license", "-id"], name="keys_of_license"),
            models.Index(fields=["expires_at", "id"], name="keys_ending", condition=OPEN),
        ]

    @property
    def counts_as_id(self) -> str:
        """As verify knows it."""
        return "" if self.counts_as is None else encode(self.PREFIX, self.counts_as)

    def __str__(self) -> str:
        return self.public_id

    @property
    def own_end(self) -> datetime | None:
        """As if it had never been rotated; an end that was given since then is its own."""
        is_by_rotation = self.expires_at is not None and self.expires_at == self.handed_on_until
        return self.own_expires_at if is_by_rotation else self.expires_at

    def status(self, now: datetime) -> str:
        """`revoked`, `suspended`, `expired` or `active`: the first that verify would object to."""
        if self.revoked_at is not None:
            return "revoked"
        if self.suspended_at is not None:
            return "suspended"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"
