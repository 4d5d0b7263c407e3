"""Work of billing for Celery, and its schedule. Every task is safe to run twice."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from celery import current_app, shared_task
from django.conf import settings

from billing.actions import converging, finding, sweeping
from billing.stripe.trouble import StripeTrouble
from tenants import clock

ROUND_SECONDS = 60.0
SOON_SECONDS = 60.0  # what is later is found by the round: a task that waits longer than visibility_timeout comes twice

log = logging.getLogger("licet.billing")


@contextmanager
def told(connection_id: str) -> Iterator[None]:
    """Stripe may be away, or refuse the key: the next sweep begins where this one did."""
    try:
        yield
    except StripeTrouble as trouble:
        log.warning("The connection %s was not looked through: %s", connection_id, trouble)


@shared_task(soft_time_limit=240, time_limit=270)  # below converging.LEASE
def converge(organization_id: str, row_id: str) -> None:
    again = converging.converge(UUID(organization_id), UUID(row_id), now=clock.now())
    if again is not None and again <= SOON_SECONDS:
        converge.apply_async((organization_id, row_id), queue="webhooks", countdown=again)


@shared_task
def find_customer(organization_id: str, row_id: str) -> None:
    finding.find_customer(UUID(organization_id), UUID(row_id), now=clock.now())


@shared_task
def sweep_stuck() -> None:
    sweeping.sweep_stuck(now=clock.now())


@shared_task
def sweep_due() -> None:
    """Hands out each connection whose events were not compared for a while, and whose customers were not for a day."""
    sweeping.hand_out_due(now=clock.now())


@shared_task(soft_time_limit=480, time_limit=540)  # below the broker's visibility_timeout
def sweep_events(organization_id: str, connection_id: str, only_if_due: bool = False) -> None:  # noqa: FBT001, FBT002 - as above
    with told(connection_id):
        sweeping.sweep_events(UUID(organization_id), UUID(connection_id), now=clock.now(), only_if_due=only_if_due)


@shared_task(soft_time_limit=480, time_limit=540)
def compare(organization_id: str, connection_id: str, only_if_due: bool = False) -> None:  # noqa: FBT001, FBT002 - from Celery
    with told(connection_id):
        sweeping.compare(UUID(organization_id), UUID(connection_id), now=clock.now(), only_if_due=only_if_due)


@shared_task
def tidy_events() -> None:
    sweeping.tidy_events(now=clock.now())


_EVERY = min(float(settings.LICET_STRIPE_SWEEP_SECONDS), ROUND_SECONDS)
current_app.add_periodic_task(_EVERY, sweep_stuck.s(), name="converge customers that wait")
current_app.add_periodic_task(_EVERY, sweep_due.s(), name="compare Stripe's events and customers with ours")
current_app.add_periodic_task(86_400.0, tidy_events.s(), name="tidy old events of Stripe's")
