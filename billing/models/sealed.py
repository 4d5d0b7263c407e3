"""What billing keeps sealed: with the data keys, bound to organization, table, row and column."""

from django.conf import settings

from billing.models.connection import StripeConnection, StripeWebhookSecret
from verify import sealing
from verify.ground.ids import encode


def seal_api_key(row: StripeConnection, secret: str) -> None:
    row.sealed_api_key = sealing.seal(settings.LICET_DATA_KEKS, _place(row, "sealed_api_key"), secret.encode())
    row.key_last4 = secret[-4:]


def api_key(row: StripeConnection) -> str:
    """Raises verify.sealing.BrokenSeal."""
    sealed = bytes(row.sealed_api_key or b"")
    return sealing.unseal(settings.LICET_DATA_KEKS, _place(row, "sealed_api_key"), sealed).decode()


def seal_webhook_secret(row: StripeWebhookSecret, secret: str) -> None:
    row.sealed = sealing.seal(settings.LICET_DATA_KEKS, _place(row, "sealed"), secret.encode())


def webhook_secret(row: StripeWebhookSecret) -> bytes:
    """Raises verify.sealing.BrokenSeal."""
    return sealing.unseal(settings.LICET_DATA_KEKS, _place(row, "sealed"), bytes(row.sealed))


def _place(row: StripeConnection | StripeWebhookSecret, column: str) -> sealing.Place:
    return sealing.Place(encode("org", row.organization_id), row._meta.db_table, str(row.id), column)
