"""Making licenses be what a customer's subscriptions say: claim, fetch, settle (docs/decisions/billing.md).

One worker per customer: a lease keeps others away, a fence keeps out who lost it. Stripe is asked between the two
transactions, never inside one. Stripe away: licenses stay, the customer waits with its error and is tried again.
"""

import time
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from billing.actions.connections import noting_key
from billing.actions.settling import settle
from billing.models import StripeConnection, StripeCustomer, StripeSubscription
from billing.rules.desired import OVER
from billing.rules.turn import due_at
from billing.rules.waiting import postponed_seconds
from billing.stripe.account import StripeAccount
from billing.stripe.keys import key_of
from billing.stripe.reading import fetch
from billing.stripe.trouble import StripeAway, StripeTrouble
from tenants.tenancy import place_of, tenant_transaction
from verify.ground.failpoints import failpoint

LEASE = timedelta(seconds=300)  # longer than the task that has it may take
MOST_ROUNDS = 5


class Claim(NamedTuple):
    """The right to write what is fetched now, as long as `fence` is the last: it serves reasons up to `number`."""

    row: StripeCustomer
    connection: StripeConnection
    fence: int
    number: int
    known: tuple[str, ...]


def converge(organization_id: UUID, row_id: UUID, *, now: datetime, hurried: bool = False) -> float | None:
    """Until nothing waits any more; the seconds after which to come again, None if that is not needed.

    `hurried` does not wait for Stripe to finish telling.
    """
    began = time.monotonic()
    for _ in range(MOST_ROUNDS):
        lease = LEASE + timedelta(seconds=time.monotonic() - began)
        claim = _claim(organization_id, row_id, now=now, lease=lease, hurried=hurried)
        if not isinstance(claim, Claim):
            return claim
        failpoint("converge.after_claim")
        try:
            with noting_key(claim.connection):
                fetched = fetch(
                    StripeAccount(key_of(claim.connection), str(claim.connection.id)),
                    claim.row.stripe_id,
                    known=claim.known,
                    introduce=claim.row.customer_id is None,
                    policy=claim.connection.policy,
                )
            failpoint("converge.after_fetch")
            if not settle(claim.row, fetched, fence=claim.fence, number=claim.number, now=now):
                return None
        except StripeTrouble as trouble:
            return _postpone(claim, trouble, now=now)
        except Exception as bug:
            _postpone(claim, bug, now=now)
            raise
        failpoint("converge.after_commit")
    return 1.0


def _claim(
    organization_id: UUID, row_id: UUID, *, now: datetime, lease: timedelta, hurried: bool
) -> Claim | float | None:
    """None where nothing waits, somebody else looks, or the connection was ended; seconds where it is not time yet."""
    with tenant_transaction(organization_id):
        rows = StripeCustomer.objects.of_organization(organization_id).select_for_update(of=("self",))
        row: StripeCustomer | None = rows.select_related("connection").filter(pk=row_id).first()
        if row is None or row.connection.disconnected_at is not None or row.sync_requested == row.sync_done:
            return None
        if row.lease_until is not None and row.lease_until > now:
            return None
        due = due_at(
            waiting_since=row.waiting_since,
            requested_at=row.requested_at,
            fetched_at=row.fetched_at,
            not_before=row.not_before,
        )
        if due is not None and due > now and not hurried:
            return (due - now).total_seconds()
        row.lease_until, row.fence = now + lease, row.fence + 1
        row.save(update_fields=["lease_until", "fence"])
        subscriptions = StripeSubscription.objects.of_organization(organization_id).filter(stripe_customer=row.id)
        known = tuple(subscriptions.exclude(status__in=OVER).values_list("stripe_id", flat=True))
        return Claim(row, row.connection, row.fence, row.sync_requested, known)


def _postpone(claim: Claim, trouble: Exception, *, now: datetime) -> float:
    """What was asked for is still to be done. Of a bug, its kind is told."""
    with tenant_transaction(claim.row.organization_id):
        rows = StripeCustomer.objects.within(place_of(claim.row)).select_for_update()
        row: StripeCustomer = rows.get(pk=claim.row.id)
        if row.fence != claim.fence:
            return 0.0
        row.failures += 1
        asked = trouble.retry_after if isinstance(trouble, StripeAway) else None
        seconds = max(float(postponed_seconds(row.failures)), asked or 0.0)
        row.not_before, row.lease_until = now + timedelta(seconds=seconds), None
        told = isinstance(trouble, StripeTrouble)
        row.last_error = str(trouble)[:500] if told else f"This failed on our side: {type(trouble).__name__}"
        row.save(update_fields=["failures", "not_before", "lease_until", "last_error"])
    return seconds
