"""A customer of a Stripe account: how often it was to be looked at, how often it was, and who is looking."""

from django.db import models

from billing.models.connection import StripeConnection
from licensing.models import Customer
from licensing.models.within import TenantForeignKey
from tenants.models.kept import InEnvironment
from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid

WAITING = models.Q(sync_requested__gt=models.F("sync_done"))


class StripeCustomer(TenantModel, InEnvironment):
    """`healing`: a sweep, and no webhook, is the reason to look.

    `sync_requested` counts the reasons to look, `sync_done` how many of them were served. `fence` is the number of
    the last claim: only who holds it may write. `waiting_since` and `requested_at` are the first and the last reason
    that is not served; `not_before`, when it is tried again after `failures` in a row.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    connection = TenantForeignKey(StripeConnection)
    stripe_id = models.CharField(max_length=255)
    customer = TenantForeignKey(Customer, null=True)
    gone = models.BooleanField(default=False)
    sync_requested = models.BigIntegerField(default=0)
    sync_done = models.BigIntegerField(default=0)
    healing = models.BooleanField(default=False)
    waiting_since = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    fetched_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "stripe_customers"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="stripe_customers_tenant_key"),
            models.UniqueConstraint(
                fields=["organization_id", "connection", "stripe_id"], name="stripe_customers_once"
            ),
            models.CheckConstraint(
                condition=models.Q(sync_done__lte=models.F("sync_requested")), name="stripe_customers_served_in_order"
            ),
        ]
        indexes = [models.Index(fields=["waiting_since"], name="stripe_customers_waiting", condition=WAITING)]

    def __str__(self) -> str:
        return self.stripe_id
