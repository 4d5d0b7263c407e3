"""Sweeps, which heal what no webhook told: customers that wait, events that never came, and everything once a day.

Each tells what it healed: `stripe.drift_healed`, for a license that was otherwise than its subscription although no
event had announced it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from billing.actions.connections import noting_key
from billing.actions.handing_out import hand_out_comparison, hand_out_converging, hand_out_finding, hand_out_sweep
from billing.actions.inbox import is_ours, store_event
from billing.actions.requesting import request_all, request_sync
from billing.models import StripeConnection, StripeCustomer, StripeEvent, StripeSubscription
from billing.models.customer import WAITING
from billing.models.event import WHOSE
from billing.queries.offers import offers
from billing.rules.desired import OVER, is_over
from billing.rules.event_types import ABOUT_CUSTOMERS
from billing.rules.sale import UNMAPPED
from billing.rules.subscription import Subscription, kept_status, shown
from billing.rules.sweeps import COMPARED_EVERY, events_since, is_due
from billing.stripe.account import StripeAccount
from billing.stripe.endpoints import keep_endpoint
from billing.stripe.keys import key_of
from billing.stripe.reading import pages
from billing.stripe.shapes import subscription_seen
from billing.stripe.trouble import NotPermitted
from tenants.tenancy import place_of, tenant_transaction

BATCH = 500
KEEP_EVENTS = timedelta(days=40)
EVENTS_AT_ONCE = 500
TIDIED_AT_ONCE = 5_000
TYPES_AT_ONCE = 20  # Stripe takes no more in one question
PATIENCE_SECONDS = 30.0


def sweep_stuck(*, now: datetime) -> int:
    """Hands out who waits and is looked after by nobody, and asks for who Stripe changes by itself about now. Of a
    connection whose key is refused, one alone: should Stripe take it again, the next round has the others.
    """
    _request_what_came(now)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    waiting = StripeCustomer.objects.across_tenants().filter(
        WAITING, free, due, connection__disconnected_at__isnull=True
    )
    found = list(waiting.filter(connection__key_status="accepted").order_by("waiting_since")[:BATCH])
    refused = waiting.filter(connection__key_status="refused").order_by("connection", "waiting_since")
    found += refused.distinct("connection")[:BATCH]
    for row in found:
        hand_out_converging(row)
    _hand_out_whose()
    return len(found)


def _hand_out_whose() -> None:
    """Events that name a charge alone; where the key is refused, they wait for another."""
    connected = {"connection__disconnected_at__isnull": True, "connection__key_status": "accepted"}
    for row in StripeEvent.objects.across_tenants().filter(WHOSE, **connected).order_by("received_at")[:BATCH]:
        hand_out_finding(row)


def _request_what_came(now: datetime) -> None:
    """Trials, periods and planned ends that have passed; subscriptions whose price a plan may have by now."""
    coming = StripeSubscription.objects.across_tenants().filter(
        looks_again_at__lte=now, connection__disconnected_at__isnull=True
    )
    for mirror in coming.select_related("stripe_customer").order_by("looks_again_at")[:BATCH]:
        with tenant_transaction(mirror.organization_id):
            rows = StripeSubscription.objects.within(place_of(mirror)).filter(pk=mirror.pk)
            if rows.filter(looks_again_at__lte=now).update(looks_again_at=None):
                request_all([mirror.stripe_customer], within=place_of(mirror), now=now)


def hand_out_due(*, now: datetime) -> int:
    handed_out = 0
    for row in StripeConnection.objects.across_tenants().filter(disconnected_at__isnull=True).order_by("id"):
        if is_due(row.compared_at, COMPARED_EVERY, now):
            hand_out_comparison(row, only_if_due=True)
            handed_out += 1
        if is_due(row.swept_at, _swept_every(), now):
            hand_out_sweep(row, only_if_due=True)
            handed_out += 1
    return handed_out


def _swept_every() -> timedelta:
    return timedelta(seconds=settings.LICET_STRIPE_SWEEP_SECONDS)


def sweep_events(organization_id: UUID, connection_id: UUID, *, now: datetime, only_if_due: bool = False) -> int:
    """Takes in the events that Stripe lists and that never came; returns how many. Stripe away: the next sweep begins
    where this one did.
    """
    connection = _connection(organization_id, connection_id)
    if connection is None or (only_if_due and not is_due(connection.swept_at, _swept_every(), now)):
        return 0
    with noting_key(connection):
        found, listed = 0, _listed_events(_account(connection), events_since(connection.swept_until, now))
        while some := list(islice(listed, EVENTS_AT_ONCE)):
            known = _known(connection, [told["id"] for told in some])
            found += sum(_take_in(connection, told, now) for told in some if told["id"] not in known)
    with tenant_transaction(organization_id):
        customers = StripeCustomer.objects.within(place_of(connection)).filter(pk__in=_may_be_followed(connection))
        request_all(customers, within=place_of(connection), now=now)
        _note(connection, swept_at=now)
        _advance(connection, now)
    return found


def _may_be_followed(connection: StripeConnection) -> set[UUID]:
    """Customers with a subscription that its license could not follow. One whose price no plan has still is none: an
    account that sells other things too may have any number of them.
    """
    place = place_of(connection)
    drifted = StripeSubscription.objects.within(place).filter(connection=connection.id, drift__isnull=False)
    found = set(drifted.exclude(drift=UNMAPPED).values_list("stripe_customer", flat=True))
    unmapped = [
        (customer, {item["price"] for item in seen["items"]})
        for customer, seen in drifted.filter(drift=UNMAPPED).values_list("stripe_customer", "seen")
    ]
    sells = offers({price for _, prices in unmapped for price in prices}, place).keys()
    return found | {customer for customer, prices in unmapped if not prices.isdisjoint(sells)}


def _listed_events(account: StripeAccount, since: datetime) -> Iterator[dict[str, Any]]:
    """In any order, as each is only a reason to look; never all at once, as they may be those of a month."""
    for start in range(0, len(ABOUT_CUSTOMERS), TYPES_AT_ONCE):
        types = list(ABOUT_CUSTOMERS[start : start + TYPES_AT_ONCE])
        asked = {"types": types, "created": {"gte": int(since.timestamp())}, "limit": 100}
        yield from pages(account, lambda v1, params: v1.events.list(params), asked)


def _known(connection: StripeConnection, names: list[str]) -> set[str]:
    """Nearly all have come already."""
    with tenant_transaction(connection.organization_id):
        rows = StripeEvent.objects.within(place_of(connection)).filter(connection=connection.id, event_id__in=names)
        return set(rows.values_list("event_id", flat=True))


def _take_in(connection: StripeConnection, told: dict[str, Any], now: datetime) -> bool:
    if not is_ours(connection, told):
        return False
    with tenant_transaction(connection.organization_id):
        place = place_of(connection)
        present = StripeConnection.objects.within(place).get(pk=connection.pk)  # its policy may have changed meanwhile
        return store_event(present, told, place, body=None, ours=True, now=now)


def compare(organization_id: UUID, connection_id: UUID, *, now: datetime, only_if_due: bool = False) -> int:
    """Asks for every customer whose subscriptions are not as they were seen last; returns how many. As the list comes:
    one that is too long for the time there is gets further with each round.
    """
    connection = _connection(organization_id, connection_id)
    if connection is None or (only_if_due and not is_due(connection.compared_at, COMPARED_EVERY, now)):
        return 0
    with noting_key(connection):
        requested = _request_what_differs(connection, now)
        webhook_status = _webhook_status(connection)
    with tenant_transaction(organization_id):
        _note(connection, compared_at=now)
        if webhook_status is not None:  # and unless another endpoint was made meanwhile
            rows = StripeConnection.objects.within(place_of(connection))
            mine = rows.filter(pk=connection.pk, endpoint_id=connection.endpoint_id)
            mine.update(webhook_status=webhook_status)
    return requested


def _request_what_differs(connection: StripeConnection, now: datetime) -> int:
    place = place_of(connection)
    with tenant_transaction(connection.organization_id):
        mirrors = StripeSubscription.objects.within(place).filter(connection=connection.id)
        known = {one.stripe_id: one for one in mirrors.select_related("stripe_customer")}
    asked = {"status": "all", "limit": 100}
    customers = set[str]()

    def request(name: str) -> None:
        if name not in customers:
            customers.add(name)
            with tenant_transaction(connection.organization_id):
                request_sync(connection, name, within=place, now=now, healing=connection.compared_at is not None)

    for told in pages(_account(connection), lambda v1, params: v1.subscriptions.list(params), asked):
        seen = subscription_seen(told, unpaid_since=None)
        mirror = known.pop(seen.id, None)
        if not _is_as_seen(seen, mirror):
            request(seen.customer)
    for lost in known.values():
        if lost.status not in OVER:
            request(lost.stripe_customer.stripe_id)
    return len(customers)


def _webhook_status(connection: StripeConnection) -> str | None:
    """`disabled` if Stripe calls us no more; None where that cannot be asked. On the way our endpoint is told of events
    that it was made without.
    """
    if connection.endpoint_id is None:
        return None
    try:
        told = keep_endpoint(_account(connection), connection.endpoint_id)
    except NotPermitted:
        return None
    return "enabled" if told == "enabled" else "disabled"


def _is_as_seen(seen: Subscription, mirror: StripeSubscription | None) -> bool:
    """But for what is unpaid or was paid back, which only a look at its invoices tells; one that is over and was never
    ours is none. One that was not there for a while has another status, and is as it was seen before that.
    """
    if mirror is None:
        return is_over(seen)
    if mirror.status != kept_status(seen):
        return False
    untold = {name: shown(seen)[name] for name in ("unpaid_since", "money")}
    return bool(shown(seen) == mirror.seen | untold)


def tidy_events(*, now: datetime) -> int:
    """Deletes old evidence, of all tenants; returns how much."""
    events, deleted = StripeEvent.objects.across_tenants(), 0
    while ids := list(events.filter(received_at__lt=now - KEEP_EVENTS).values_list("pk", flat=True)[:TIDIED_AT_ONCE]):
        deleted += events.filter(pk__in=ids).delete()[0]
    return deleted


def _connection(organization_id: UUID, connection_id: UUID) -> StripeConnection | None:
    with tenant_transaction(organization_id):
        rows = StripeConnection.objects.of_organization(organization_id)
        found: StripeConnection | None = rows.filter(pk=connection_id, disconnected_at__isnull=True).first()
    return found


def _account(connection: StripeConnection) -> StripeAccount:
    return StripeAccount(key_of(connection), str(connection.id), patience_seconds=PATIENCE_SECONDS)


def _advance(connection: StripeConnection, now: datetime) -> None:
    """How far it is; not if somebody asked meanwhile to begin earlier, since that is still to be done."""
    rows = StripeConnection.objects.within(place_of(connection)).filter(pk=connection.id)
    rows.filter(swept_until=connection.swept_until).update(swept_until=now)


def _note(connection: StripeConnection, **columns: Any) -> None:
    StripeConnection.objects.within(place_of(connection)).filter(pk=connection.id).update(**columns)
