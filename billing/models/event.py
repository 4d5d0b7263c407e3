"""An event that Stripe signed, once: evidence of what was told and when, never what is acted on."""

from django.db import models

from billing.models.connection import StripeConnection
from licensing.models.within import TenantForeignKey
from tenants.models.kept import InEnvironment
from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid

WHOSE = models.Q(charge__isnull=False)
VERDICTS = ("accepted", "quarantined")


class StripeEvent(TenantModel, InEnvironment):
    """`body` is what was signed, byte by byte; empty for one that a sweep found. `stripe_customer` is Stripe's id.

    `charge` is all that it names, whose customer is still to be asked for; null again once that was answered.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    connection = TenantForeignKey(StripeConnection)
    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=128)
    stripe_customer = models.CharField(max_length=255, null=True)  # noqa: DJ001 - some are about none
    charge = models.CharField(max_length=255, null=True)  # noqa: DJ001 - most do not wait for one
    verdict = models.CharField(max_length=11, choices=[(name, name) for name in VERDICTS])
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    body = models.BinaryField()

    class Meta:
        db_table = "stripe_events"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "connection", "event_id"], name="stripe_events_once"),
        ]
        indexes = [
            models.Index(fields=["organization_id", "connection", "-received_at"], name="stripe_events_newest_first"),
            models.Index(fields=["received_at"], name="stripe_events_by_age"),
            models.Index(fields=["received_at"], name="stripe_events_whose", condition=WHOSE),
        ]

    def __str__(self) -> str:
        return self.event_id
