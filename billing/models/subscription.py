"""A subscription as Stripe showed it last, and the one license it drives."""

from django.db import models

from billing.models.connection import StripeConnection
from billing.models.customer import StripeCustomer
from licensing.models import License
from licensing.models.within import TenantForeignKey
from tenants.models.kept import InEnvironment
from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid


class StripeSubscription(TenantModel, InEnvironment):
    """`seen` is what was read of it, for whoever looks; `drift`, why its license cannot follow it, null if it can."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    connection = TenantForeignKey(StripeConnection)
    stripe_customer = TenantForeignKey(StripeCustomer)
    stripe_id = models.CharField(max_length=255)
    license = TenantForeignKey(License, null=True)
    status = models.CharField(max_length=32)
    seen = models.JSONField()
    drift = models.CharField(max_length=32, null=True)  # noqa: DJ001 - none is not ""
    looks_again_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "stripe_subscriptions"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "connection", "stripe_id"], name="stripe_subscriptions_once"
            ),
            models.UniqueConstraint(fields=["organization_id", "license"], name="stripe_subscriptions_license_once"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "stripe_customer"], name="stripe_subscriptions_of_cus"),
            models.Index(
                fields=["looks_again_at"],
                name="stripe_subscriptions_coming",
                condition=models.Q(looks_again_at__isnull=False),
            ),
            models.Index(
                fields=["organization_id", "connection"],
                name="stripe_subscriptions_drifted",
                condition=models.Q(drift__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id
