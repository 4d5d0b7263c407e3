"""Giving a reason to look at a customer: a number that goes up, and a task once that has committed."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F

from billing.actions.handing_out import hand_out_converging
from billing.models import StripeConnection, StripeCustomer
from billing.models.customer import WAITING
from tenants.tenancy import Place, place_of

RETRIED_AT_ONCE = 500


def request_sync(
    connection: StripeConnection, stripe_id: str, *, within: Place, now: datetime, healing: bool = False
) -> StripeCustomer:
    """Inside the caller's transaction. `healing` for a sweep that found what no webhook told.

    A task is handed out for the first reason that waits alone: who serves it serves what came meanwhile.
    """
    place = {"organization_id": within.organization_id, "environment_id": within.id}
    fresh = StripeCustomer(connection=connection, stripe_id=stripe_id, **place)
    StripeCustomer._base_manager.bulk_create([fresh], ignore_conflicts=True)
    rows = StripeCustomer.objects.within(within).select_for_update()
    row: StripeCustomer = rows.get(connection=connection.id, stripe_id=stripe_id)
    was_served = row.sync_requested == row.sync_done
    row.sync_requested, row.requested_at = row.sync_requested + 1, now
    row.waiting_since = now if was_served else row.waiting_since or now
    row.healing = healing and (was_served or row.healing)
    row.save(update_fields=["sync_requested", "requested_at", "waiting_since", "healing"])
    if was_served:
        transaction.on_commit(partial(hand_out_converging, row))
    return row


def request_all(rows: Iterable[StripeCustomer], *, within: Place, now: datetime) -> int:
    """Customers that are known, e.g. for whoever wants all to be looked at again."""
    ids = [row.id for row in rows]
    found = StripeCustomer.objects.within(within).filter(pk__in=ids)
    served = list(found.filter(sync_requested=F("sync_done")).order_by("id"))
    found.update(sync_requested=F("sync_requested") + 1, requested_at=now, not_before=None)
    StripeCustomer.objects.within(within).filter(pk__in=[row.id for row in served]).update(waiting_since=now)
    for row in served:
        transaction.on_commit(partial(hand_out_converging, row))
    return len(ids)


def retry_waiting(connection: StripeConnection) -> None:
    """Inside the caller's transaction: whoever waits need not wait longer, e.g. as the key is another. The first are
    handed out at once, the others by the rounds.
    """
    rows = StripeCustomer.objects.within(place_of(connection)).filter(WAITING, connection=connection.id)
    rows.update(not_before=None)
    for row in rows.order_by("waiting_since")[:RETRIED_AT_ONCE]:
        transaction.on_commit(partial(hand_out_converging, row))
