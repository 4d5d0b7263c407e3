"""Finding whose event it is that names a charge alone, as those of disputes and refunds do: Stripe is asked.

Stripe away, or the key refused: the event keeps its charge, and the sweep over what waits comes again.
"""

import logging
from datetime import datetime
from uuid import UUID

from billing.actions.connections import noting_key
from billing.actions.requesting import request_sync
from billing.models import StripeEvent
from billing.rules.event_types import is_reason
from billing.stripe.account import StripeAccount
from billing.stripe.keys import key_of
from billing.stripe.money import customer_of_charge
from billing.stripe.trouble import StripeTrouble
from tenants.tenancy import place_of, tenant_transaction

log = logging.getLogger("licet.billing")


def find_customer(organization_id: UUID, row_id: UUID, *, now: datetime) -> None:
    """Done twice it is done once: who comes second finds no charge any more."""
    event = _waiting(organization_id, row_id)
    if event is None or event.charge is None:
        return
    found = None
    if is_reason(event.type, event.connection.policy):
        try:
            with noting_key(event.connection):
                account = StripeAccount(key_of(event.connection), str(event.connection.id))
                found = customer_of_charge(account, event.charge)
        except StripeTrouble as trouble:
            log.warning("Whose a charge of %s is was not told: %s", event.connection.id, trouble)
            return
    with tenant_transaction(organization_id):
        waiting = StripeEvent.objects.within(place_of(event)).filter(pk=event.pk, charge__isnull=False)
        if waiting.update(charge=None, stripe_customer=found) and found is not None:
            request_sync(event.connection, found, within=place_of(event), now=now, healing=not event.body)


def _waiting(organization_id: UUID, row_id: UUID) -> StripeEvent | None:
    with tenant_transaction(organization_id):
        rows = StripeEvent.objects.of_organization(organization_id).select_related("connection")
        found: StripeEvent | None = rows.filter(
            pk=row_id, charge__isnull=False, connection__disconnected_at__isnull=True
        ).first()
    return found
