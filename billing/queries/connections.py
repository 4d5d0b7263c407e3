"""Connections: found by what Stripe calls, the one in force, and how it stands."""

import logging
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from billing.models import StripeConnection, StripeCustomer, StripeEvent, StripeSubscription, StripeWebhookSecret
from billing.models.customer import WAITING
from billing.models.event import WHOSE
from billing.models.sealed import webhook_secret
from tenants.tenancy import Place, place_of
from verify.ground.ids import decode, encode
from verify.sealing import BrokenSeal

log = logging.getLogger("licet.billing")

MOST_DRIFTING = 100
MOST_FORMER, MOST_TRIED = 20, 3


class Presented(NamedTuple):
    """Whose connection is called; also its Place."""

    connection_id: UUID
    organization_id: UUID
    id: UUID


def presented_connection(uid: str) -> Presented | None:
    """By the last part of a webhook's address, whatever a stranger put there."""
    found = decode(StripeConnection.PREFIX, uid)
    if found is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM lookup.stripe_connection(%s)", [found])
        row = cursor.fetchone()
    return Presented(*row) if row else None


def in_force(within: Place) -> StripeConnection | None:
    found: StripeConnection | None = (
        StripeConnection.objects.within(within).filter(disconnected_at__isnull=True).first()
    )
    return found


def former(within: Place) -> list[StripeConnection]:
    """Those that were ended, the last first."""
    rows = StripeConnection.objects.within(within).filter(disconnected_at__isnull=False)
    return list(rows.order_by("-disconnected_at")[:MOST_FORMER])


def newest_customers(row: StripeConnection) -> list[str]:
    """Some of those that a connection has followed, by Stripe's ids."""
    known = StripeCustomer.objects.within(place_of(row)).filter(connection=row.id, fetched_at__isnull=False)
    return list(known.order_by("gone", "-id").values_list("stripe_id", flat=True)[:MOST_TRIED])


def secrets_in_force(presented: Place, connection_id: UUID, now: datetime) -> list[bytes]:
    """But for those that cannot be opened with our data keys: by such a one nothing is signed as far as we can tell."""
    rows = StripeWebhookSecret.objects.within(presented).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=now), connection=connection_id, valid_from__lte=now
    )
    return [secret for secret in map(_opened, rows) if secret is not None]


def _opened(row: StripeWebhookSecret) -> bytes | None:
    try:
        return webhook_secret(row)
    except BrokenSeal:
        log.warning("The webhook secret %s cannot be opened: give it to us again.", row.id)
        return None


class State(NamedTuple):
    """`pending`: customers that wait to be looked at, or to be found by a charge; `quarantined`: events that were
    signed and are not ours.
    """

    last_event_at: datetime | None
    pending: int
    quarantined: int
    drift: int
    drifting: list[dict[str, Any]]


def state_of(row: StripeConnection, within: Place) -> State:
    customers = StripeCustomer.objects.within(within).filter(connection=row.id)
    events = StripeEvent.objects.within(within).filter(connection=row.id)
    newest = events.order_by("-received_at").first()
    # In this order: an event whose customer is found meanwhile makes that one wait, and is missed in neither count.
    pending = events.filter(WHOSE).count()
    pending += customers.filter(WAITING).count()
    drifted = StripeSubscription.objects.within(within).filter(connection=row.id, drift__isnull=False)
    return State(
        last_event_at=newest.received_at if newest else None,
        pending=pending,
        quarantined=events.filter(verdict="quarantined").count(),
        drift=drifted.count(),
        drifting=[
            {
                "subscription": one.stripe_id,
                "license": None if one.license_id is None else encode("lic", one.license_id),
                "reason": one.drift,
            }
            for one in drifted.order_by("id")[:MOST_DRIFTING]
        ],
    )
