"""Handing work to Celery, after the commit that made it due.

Should the broker be away, the work waits for the sweep that looks every minute.
"""

import logging
from typing import Any

from kombu.exceptions import OperationalError

from billing.models import StripeConnection, StripeCustomer, StripeEvent
from tenants.actions.jobs import hand_to_worker

QUEUE = "webhooks"
CONVERGE, COMPARE, SWEEP = (f"billing.tasks.{name}" for name in ("converge", "compare", "sweep_events"))
FIND = "billing.tasks.find_customer"

log = logging.getLogger("licet.billing")


def hand_out_converging(row: StripeCustomer, *, in_seconds: float = 0.0) -> None:
    _hand_out(CONVERGE, row, in_seconds=in_seconds)


def hand_out_comparison(row: StripeConnection, *, only_if_due: bool = False) -> None:
    """`only_if_due`, as for all rounds: nothing is done by one that waited behind another."""
    _hand_out(COMPARE, row, only_if_due)


def hand_out_sweep(row: StripeConnection, *, only_if_due: bool = False) -> None:
    _hand_out(SWEEP, row, only_if_due)


def hand_out_finding(row: StripeEvent) -> None:
    _hand_out(FIND, row)


def _hand_out(task: str, row: Any, *more: Any, in_seconds: float = 0.0) -> None:
    try:
        hand_to_worker(task, [str(row.organization_id), str(row.id), *more], QUEUE, in_seconds=in_seconds)
    except OperationalError as error:
        log.warning("%s of %s waits for the broker: %s", task, row.id, error)
