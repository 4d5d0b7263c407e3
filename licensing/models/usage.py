"""What was decided and what was used. The tables are made by SQL (migration 0007): most are partitioned by time.

Rows are written by the drain alone (licensing.usage), over the `sweep` connection; tenants may read.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models.kept import InEnvironment
from tenants.tenancy import TenantModel


class _Subject(TenantModel, InEnvironment):
    customer_id = models.UUIDField()
    license_id = models.UUIDField()
    key_id = models.UUIDField()
    plan_version = models.PositiveIntegerField()
    features = ArrayField(models.TextField())

    class Meta:
        abstract = True


class Decision(_Subject):
    """A verdict that resolved a key, with the request it was about: personal data, kept for 30 days.

    `id` is that of the request; `logged_at` is Redis's clock, `decided_at` the verify node's.
    """

    PREFIX = "req"

    pk = models.CompositePrimaryKey("organization_id", "id", "decided_at")
    id = models.UUIDField()
    decided_at = models.DateTimeField()
    logged_at = models.DateTimeField()
    plan_id = models.UUIDField()
    outcome = models.CharField(max_length=32)
    repeat = models.BooleanField()
    usage = models.JSONField()
    scopes = ArrayField(models.TextField())
    revision = models.BigIntegerField()
    latency_us = models.IntegerField()
    ip = models.TextField(null=True)  # noqa: DJ001 - not given is not empty
    method = models.TextField(null=True)  # noqa: DJ001 - as above
    resource = models.TextField(null=True)  # noqa: DJ001 - as above
    user = models.TextField(null=True, db_column="user_name")  # noqa: DJ001 - as above
    device = models.TextField(null=True)  # noqa: DJ001 - as above
    context = models.JSONField()

    class Meta:
        managed = False
        db_table = "decisions"

    def __str__(self) -> str:
        return f"{self.outcome} {self.id}"


class LedgerEntry(_Subject):
    """Admitted usage of one meter by one call; numbers only, for good. `charges`: verify.limits.checks.CHARGES."""

    pk = models.CompositePrimaryKey("organization_id", "id", "meter", "decided_at")
    id = models.UUIDField()
    meter = models.CharField(max_length=64)
    decided_at = models.DateTimeField()
    logged_at = models.DateTimeField()
    charges = models.SmallIntegerField()
    value = models.DecimalField(max_digits=38, decimal_places=9)

    class Meta:
        managed = False
        db_table = "ledger"

    def __str__(self) -> str:
        return f"{self.value} {self.meter}"


class _Rollup(_Subject):
    """Sums over a window; `outcome` VALID is what the ledger has, any other what was asked for and refused."""

    pk = models.CompositePrimaryKey(
        *("organization_id", "starts_at", "license_id", "key_id", "meter", "features", "outcome", "plan_version"),
        "charges",
    )
    starts_at = models.DateTimeField()
    meter = models.CharField(max_length=64)
    outcome = models.CharField(max_length=32)
    charges = models.SmallIntegerField()
    value = models.DecimalField(max_digits=38, decimal_places=9)
    largest = models.DecimalField(max_digits=38, decimal_places=9)
    calls = models.BigIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.value} {self.meter} from {self.starts_at}"


class UsageHour(_Rollup):
    class Meta:
        managed = False
        db_table = "usage_hours"


class UsageDay(_Rollup):
    class Meta:
        managed = False
        db_table = "usage_days"


class KeyUse(TenantModel):
    """When a key last opened."""

    pk = models.CompositePrimaryKey("organization_id", "key_id")
    key_id = models.UUIDField()
    last_used_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "key_uses"

    def __str__(self) -> str:
        return f"{self.key_id} at {self.last_used_at}"


class UnknownKeys(TenantModel, InEnvironment):
    """How often, in one minute, keys were presented that are not known."""

    pk = models.CompositePrimaryKey("organization_id", "environment_id", "minute")
    minute = models.DateTimeField()
    times = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "unknown_keys"

    def __str__(self) -> str:
        return f"{self.times} in {self.minute}"


class Drained(models.Model):
    """The last entry of a shard's log that is in the tables, so that a log which forgot can be told from one that is
    new; and how many counters the last audit found to differ.
    """

    shard = models.IntegerField(primary_key=True)
    last_ms = models.BigIntegerField(default=0)
    last_seq = models.BigIntegerField(default=0)
    audited_at = models.DateTimeField(null=True)
    drifted = models.BigIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "drained"

    def __str__(self) -> str:
        return f"shard {self.shard} to {self.last_ms}-{self.last_seq}"


class BrokenEntry(models.Model):
    """An entry of the log that could not be read as a whole, as it was (msgpack of its fields), and why."""

    pk = models.CompositePrimaryKey("shard", "entry")
    shard = models.IntegerField()
    entry = models.CharField(max_length=41)
    found_at = models.DateTimeField()
    error = models.TextField()
    fields = models.BinaryField()

    class Meta:
        managed = False
        db_table = "broken_entries"

    def __str__(self) -> str:
        return f"{self.entry} of shard {self.shard}"
