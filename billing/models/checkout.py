"""A checkout that was begun through us: what is bought, where its buyer goes on, and the first key that was shown."""

from django.db import models

from billing.models.connection import StripeConnection
from licensing.models import Customer, Key, Plan
from licensing.models.within import TenantForeignKey
from tenants.models.kept import InEnvironment, Kept


class StripeCheckout(Kept, InEnvironment):
    """Its id is in the address of the page that Stripe leads back to; `session_id` is Stripe's."""

    PREFIX = "chk"

    connection = TenantForeignKey(StripeConnection)
    session_id = models.CharField(max_length=255)
    plan = TenantForeignKey(Plan)
    customer = TenantForeignKey(Customer, null=True)
    success_url = models.CharField(max_length=2000)
    first_key = TenantForeignKey(Key, null=True)

    class Meta:
        db_table = "stripe_checkouts"
        verbose_name = "checkout session"
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "connection", "session_id"], name="stripe_checkouts_session_once"
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "environment_id", "-id"], name="stripe_checkouts_newest")]

    def __str__(self) -> str:
        return self.session_id
