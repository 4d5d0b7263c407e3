"""Finding our customer of a Stripe customer that is new to us."""

from collections.abc import Mapping

from licensing.models import Customer
from tenants.tenancy import Place
from verify.ground.ids import decode


def meant(stripe_id: str, metadata: Mapping[str, str], within: Place) -> Customer | None:
    """By `metadata.licet_customer`, which is our id or its `external_id`; by `metadata.external_id`; or because its
    `external_id` is Stripe's id.
    """
    customers = Customer.objects.within(within)
    named = metadata.get("licet_customer")
    if named is not None and (known := decode(Customer.PREFIX, named)) is not None:
        found: Customer | None = customers.filter(pk=known).first()
        if found is not None:
            return found
    for text in (named, metadata.get("external_id"), stripe_id):
        if text:
            found = customers.filter(external_id=text).first()
            if found is not None:
                return found
    return None
