"""A license: a customer's right to a plan. Its status is computed, never stored (verify.license_status)."""

from datetime import datetime

from django.db import models

from licensing.models.customer import Customer
from licensing.models.held import OPEN, Held
from licensing.models.plan import Plan
from licensing.models.within import TenantForeignKey
from licensing.rules.seats import Flag
from tenants.clock import milliseconds
from verify.facts import BillingPeriod, OverLimit
from verify.license_status import OVER_LIMIT, BillingState, Standing, Status, by_billing, standing

BILLING_STATES = [state.value for state in BillingState]


class License(Held):
    """Where a subscription drives it, `managed_by` says whose, and the columns after it what billing says; they are
    written by licensing.actions.billing alone: `unpaid_since`, in grace, is the subscription's, and `grace_ends_at` is
    counted from it by the version in force. `told_status` is the last status of billing's that was announced.
    `over_limit_since` more seats are taken than it has, which may be until `over_limit_ends_at`; `over_limit_told` says
    whether it was announced that this suspends it. Those three are written by licensing.actions.seats alone.
    """

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
    managed_by = models.CharField(max_length=16, null=True)  # noqa: DJ001 - managed by hand alone is not by ""
    billing_state = models.CharField(max_length=9, null=True)  # noqa: DJ001 - as above
    billing_reason = models.CharField(max_length=32, null=True)  # noqa: DJ001 - simply active has none
    unpaid_since = models.DateTimeField(null=True)
    grace_ends_at = models.DateTimeField(null=True)
    paid_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    period_anchor = models.DateTimeField(null=True)
    period_unit = models.CharField(max_length=5, null=True)  # noqa: DJ001 - what is not paid by the period has none
    period_count = models.PositiveIntegerField(null=True)
    told_status = models.CharField(max_length=9, null=True)  # noqa: DJ001 - nothing was told yet
    over_limit_since = models.DateTimeField(null=True)
    over_limit_ends_at = models.DateTimeField(null=True)
    over_limit_told = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "licenses"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="licenses_tenant_key"),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("starts_at")),
                name="licenses_end_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(managed_by__isnull=True, billing_state__isnull=True)
                | models.Q(managed_by="stripe", billing_state__in=BILLING_STATES),
                name="licenses_billing_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(billing_state="grace") | models.Q(grace_ends_at__isnull=False),
                name="licenses_grace_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(over_limit_since__isnull=False)
                | models.Q(over_limit_ends_at__isnull=True, over_limit_told=False),
                name="licenses_over_limit_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["organization_id", "environment_id", "-id"], name="licenses_newest_first"),
            models.Index(fields=["organization_id", "customer", "-id"], name="licenses_of_customer"),
            models.Index(fields=["organization_id", "plan", "-id"], name="licenses_of_plan"),
            models.Index(fields=["expires_at", "id"], name="licenses_ending", condition=OPEN),
            models.Index(fields=["trial_ends_at", "id"], name="licenses_trial_ending", condition=OPEN),
            models.Index(
                fields=["grace_ends_at", "id"],
                name="licenses_grace_ending",
                condition=models.Q(billing_state="grace"),
            ),
            models.Index(fields=["id"], name="licenses_over_limit", condition=models.Q(over_limit_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.public_id

    def standing(self, now: datetime) -> Standing:
        """Its status and reason at `now`, by the same function that verify asks."""
        return standing(_Lifetime(self), milliseconds(now) or 0)

    def billing_standing(self, now: datetime) -> Standing | None:
        """As if nothing had been decided by hand; None if no subscription drives it."""
        lifetime = _Lifetime(self)
        return None if lifetime.billed is None else by_billing(lifetime, lifetime.billed, milliseconds(now) or 0)

    @property
    def billing_period(self) -> BillingPeriod | None:
        """From which quotas of a billing period count their windows; None: from its start, by the month."""
        if self.period_anchor is None or self.period_unit is None:
            return None
        return BillingPeriod(milliseconds(self.period_anchor) or 0, self.period_unit, self.period_count or 1)

    @property
    def flag(self) -> Flag | None:
        """That more seats are taken than it has."""
        return None if self.over_limit_since is None else Flag(self.over_limit_since, self.over_limit_ends_at)

    @property
    def over_limit(self) -> OverLimit | None:
        """The same as verify knows it."""
        return None if self.flag is None else OverLimit(milliseconds(self.flag.ends_at))

    def is_suspended_for_seats(self, now: datetime) -> bool:
        """Not while anything else suspends it."""
        return self.standing(now) == (Status.SUSPENDED, OVER_LIMIT)

    def typed_reason(self, status: Status) -> str:
        """What was typed by whoever brought it into this status by hand."""
        held = {Status.REVOKED: self.revocation_reason, Status.SUSPENDED: self.suspension_reason}
        return held.get(status, "") if self.hold.value == status.value else ""


class _Lifetime:
    """A license row as verify.license_status sees one."""

    def __init__(self, row: License) -> None:
        self.revoked, self.suspended = row.revoked_at is not None, row.suspended_at is not None
        self.starts_at = milliseconds(row.starts_at) or 0
        self.expires_at = milliseconds(row.expires_at)
        self.trial_ends_at = milliseconds(row.trial_ends_at)
        self.billed = None if row.billing_state is None else _Billed(row)
        self.over_limit = row.over_limit


class _Billed:
    """Its billing, as above."""

    def __init__(self, row: License) -> None:
        self.state: str = row.billing_state or ""
        self.reason: str | None = row.billing_reason
        self.grace_ends_at = milliseconds(row.grace_ends_at)
