"""Looking again because somebody asks to: at a customer, at what happened since a time, at everything."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from billing.actions.handing_out import hand_out_comparison, hand_out_sweep
from billing.actions.requesting import request_all, request_sync
from billing.models import StripeConnection, StripeCustomer
from billing.queries.connections import in_force
from licensing.models import Customer
from tenants.actions import audit
from tenants.clock import milliseconds
from tenants.models import Environment
from tenants.rules.permissions import Actor
from tenants.rules.refusal import bad_field, not_found
from tenants.tenancy import tenant_transaction
from verify.answer import rfc3339
from verify.ground.ids import decode


def resync(
    *,
    within: Environment,
    by: Actor,
    now: datetime,
    customer: str | None = None,
    since: datetime | None = None,
) -> StripeConnection:
    """Raises Refusal: 404 without a connection, 400 for a customer that nobody knows."""
    with tenant_transaction(within.organization_id):
        row = in_force(within)
        if row is None:
            raise not_found()
        if customer is not None:
            _one(row, customer, within, now)
        if since is not None:
            row.swept_until = min(since, row.swept_until or since)
            row.save(update_fields=["swept_until"])
            transaction.on_commit(partial(hand_out_sweep, row))
        if customer is None and since is None:
            known = StripeCustomer.objects.within(within).filter(connection=row.id)
            request_all(known, within=within, now=now)
            transaction.on_commit(partial(hand_out_comparison, row))
        asked = {"customer": customer, "since": rfc3339(milliseconds(since))}
        audit.record("stripe_connection.resynced", row, by=by, now=now, environment_id=within.id, changes=asked)
    return row


def _one(row: StripeConnection, customer: str, within: Environment, now: datetime) -> None:
    """By our id or by Stripe's, which both begin with `cus_`; one of Stripe's may be new to us."""
    ours = decode(Customer.PREFIX, customer)
    known = StripeCustomer.objects.within(within).filter(connection=row.id)
    found = list(known.filter(Q(stripe_id=customer) | Q(customer=ours) if ours else Q(stripe_id=customer)))
    if found:
        request_all(found, within=within, now=now)
    elif ours is None and customer.startswith("cus_"):
        request_sync(row, customer, within=within, now=now)
    else:
        raise bad_field("customer", "Nobody at Stripe is known to be this customer.", "not_found")
