"""A license: a customer's right to a plan. Its status is computed, never stored (verify.license_status)."""

from datetime import datetime

from django.db import models

from licensing.models.customer import Customer
from licensing.models.held import OPEN, Held
from licensing.models.plan import Plan
from licensing.models.within import TenantForeignKey
from tenants.clock import milliseconds
from verify.license_status import Standing, Status, standing


class License(Held):
    PREFIX = "lic"
    FACT_KIND = "license"

    customer = TenantForeignKey(Customer)
    plan = TenantForeignKey(Plan)
    plan_version = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    trial_ends_at = models.DateTimeField(null=True)
    quantity = models.PositiveIntegerField(default=1)
    overrides = models.JSONField(default=dict)
    metadata = models.JSONField(default=dict)

    class Meta:
        db_table = "licenses"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="licenses_tenant_key"),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("starts_at")),
                name="licenses_end_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "environment_id", "-id"], name="licenses_newest_first"),
            models.Index(fields=["organization_id", "customer", "-id"], name="licenses_of_customer"),
            models.Index(fields=["organization_id", "plan", "-id"], name="licenses_of_plan"),
            models.Index(fields=["expires_at", "id"], name="licenses_ending", condition=OPEN),
            models.Index(fields=["trial_ends_at", "id"], name="licenses_trial_ending", condition=OPEN),
        ]

    def __str__(self) -> str:
        return self.public_id

    def standing(self, now: datetime) -> Standing:
        """Its status and reason at `now`, by the same function that verify asks."""
        return standing(_Lifetime(self), milliseconds(now) or 0)

    def typed_reason(self, status: Status) -> str:
        """What was typed by whoever brought it into this status by hand."""
        return {Status.REVOKED: self.revocation_reason, Status.SUSPENDED: self.suspension_reason}.get(status, "")


class _Lifetime:
    """A license row as verify.license_status sees one."""

    def __init__(self, row: License) -> None:
        self.revoked, self.suspended = row.revoked_at is not None, row.suspended_at is not None
        self.starts_at = milliseconds(row.starts_at) or 0
        self.expires_at = milliseconds(row.expires_at)
        self.trial_ends_at = milliseconds(row.trial_ends_at)
