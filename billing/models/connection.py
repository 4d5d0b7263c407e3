"""A connection to one Stripe account, and the secrets its webhooks are signed with; both sealed, never shown again."""

from django.db import models

from billing.rules.policy import ANSWERS, NOTHING, Policy
from licensing.models.within import TenantForeignKey
from tenants.models.kept import InEnvironment, Kept
from tenants.tenancy import TenantModel
from verify.ground.ids import new_uuid

WEBHOOK_STATUSES = ("enabled", "needs_secret", "disabled")
KEY_STATUSES = ("accepted", "refused")


class StripeConnection(Kept, InEnvironment):
    """Its public id is the `connection_uid` of its webhooks. `account` is null where the key may not read it.

    `swept_until` is how far Stripe's own list of events was compared with ours, `compared_at` when all was.
    `on_refund` and `on_dispute` say what becomes of a license whose money was taken back.
    A connection that was ended stays, so that what was known is known again when the account is connected anew.
    """

    PREFIX = "conn"

    account = models.CharField(max_length=64, null=True)  # noqa: DJ001 - not known is not ""
    livemode = models.BooleanField()
    sealed_api_key = models.BinaryField(null=True)
    key_last4 = models.CharField(max_length=4)
    key_status = models.CharField(max_length=8, default="accepted", choices=[(name, name) for name in KEY_STATUSES])
    api_version = models.CharField(max_length=32)
    endpoint_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - made by hand, its id is not known
    webhook_status = models.CharField(max_length=12, choices=[(name, name) for name in WEBHOOK_STATUSES])
    swept_until = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
    compared_at = models.DateTimeField(null=True)
    disconnected_at = models.DateTimeField(null=True)
    on_refund = models.CharField(max_length=8, default=NOTHING, choices=[(name, name) for name in ANSWERS])
    on_dispute = models.CharField(max_length=8, default=NOTHING, choices=[(name, name) for name in ANSWERS])

    class Meta:
        db_table = "stripe_connections"
        verbose_name = "stripe connection"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "id"], name="stripe_connections_tenant_key"),
            models.UniqueConstraint(
                fields=["organization_id", "environment_id"],
                condition=models.Q(disconnected_at__isnull=True),
                name="stripe_connections_once",
            ),
            models.CheckConstraint(
                condition=models.Q(disconnected_at__isnull=False) | models.Q(sealed_api_key__isnull=False),
                name="stripe_connections_have_a_key",
            ),
            models.CheckConstraint(
                condition=models.Q(on_refund__in=ANSWERS, on_dispute__in=ANSWERS),
                name="stripe_connections_policy_known",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def policy(self) -> Policy:
        return Policy(self.on_refund, self.on_dispute)


class StripeWebhookSecret(TenantModel, InEnvironment):
    """`valid_to` is set when another takes over: for a while both are good."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    connection = TenantForeignKey(StripeConnection)
    sealed = models.BinaryField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        db_table = "stripe_webhook_secrets"
        indexes = [models.Index(fields=["organization_id", "connection"], name="stripe_secrets_of_connection")]

    def __str__(self) -> str:
        return str(self.id)
