"""A plan and its versions: the plan keeps its id, what it grants is an immutable version."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from licensing.models.catalogue import Product
from licensing.models.within import TenantForeignKey
from licensing.rules.seats import SEAT_POLICIES
from tenants.models.kept import FactBearing, InEnvironment, Kept


class Plan(FactBearing, InEnvironment):
    """`published_version` is what new licenses get; `floor_version` is the least any license has. While licenses are
    still looked at for the seats of a floor that was lifted, `seats_looked_at` is the last one that was.
    """

    PREFIX = "plan"
    FACT_KIND = "plan"

    product = TenantForeignKey(Product)
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    latest_version = models.PositiveIntegerField(default=1)
    published_version = models.PositiveIntegerField(default=1)
    floor_version = models.PositiveIntegerField(default=1)
    seats_looked_at = models.UUIDField(null=True)

    class Meta:
        db_table = "plans"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="plans_tenant_key"),
            models.UniqueConstraint(fields=["organization_id", "environment_id", "code"], name="plans_code_once"),
            models.CheckConstraint(
                condition=models.Q(floor_version__gte=1)
                & models.Q(floor_version__lte=models.F("published_version"))
                & models.Q(published_version__lte=models.F("latest_version")),
                name="plans_versions_in_order",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="plans_seats_due", condition=models.Q(seats_looked_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.code


TERMS = (
    *("features", "scopes", "rate_limits", "quotas", "duration_days", "trial_days", "grace_days", "max_devices"),
    *("device_policy", "token_ttl_seconds", "refresh_ttl_seconds", "rotate_every_days", "stripe_price_ids"),
    *("seat_policy", "over_limit_days"),
)
DEVICE_POLICIES = ("none", "optional", "required")


class PlanVersion(Kept, InEnvironment):
    """Never updated but for `published_at`, which is set once."""

    PREFIX = "planv"

    plan = TenantForeignKey(Plan)
    version = models.PositiveIntegerField()
    features = models.JSONField(default=dict)
    scopes = ArrayField(models.CharField(max_length=128), default=list)
    duration_days = models.PositiveIntegerField(null=True)
    trial_days = models.PositiveIntegerField(null=True)
    grace_days = models.PositiveIntegerField(default=14)
    rate_limits = models.JSONField(default=list)
    quotas = models.JSONField(default=list)
    max_devices = models.PositiveIntegerField(null=True)
    device_policy = models.CharField(max_length=8, default="none", choices=[(name, name) for name in DEVICE_POLICIES])
    token_ttl_seconds = models.PositiveIntegerField(default=300)
    refresh_ttl_seconds = models.PositiveIntegerField(null=True)
    rotate_every_days = models.PositiveIntegerField(null=True)
    stripe_price_ids = ArrayField(models.CharField(max_length=100), default=list)
    seat_policy = models.CharField(
        max_length=4, default="none", db_default="none", choices=[(name, name) for name in SEAT_POLICIES]
    )
    over_limit_days = models.PositiveIntegerField(null=True, default=14, db_default=14)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "plan_versions"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "plan", "version"], name="plan_versions_once"),
            models.CheckConstraint(
                condition=models.Q(device_policy__in=DEVICE_POLICIES), name="plan_versions_device_policy_known"
            ),
            models.CheckConstraint(
                condition=models.Q(seat_policy__in=SEAT_POLICIES), name="plan_versions_seat_policy_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.version}"
