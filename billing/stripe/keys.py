"""The key of a connection, opened to ask Stripe with."""

from billing.models import StripeConnection
from billing.models.sealed import api_key
from billing.stripe.trouble import KeyRefused
from verify.sealing import BrokenSeal


def key_of(row: StripeConnection) -> str:
    """Raises KeyRefused: a key that cannot be opened is as good as none, and another one helps as well."""
    try:
        return api_key(row)
    except BrokenSeal as broken:
        raise KeyRefused("The key cannot be opened with our data keys: give it to us again.") from broken
