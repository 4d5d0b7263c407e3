"""Starting jobs and carrying them out; what each kind does is named in config."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from tenants import clock
from tenants.actions import audit
from tenants.models import Environment, Job
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction

TASK, QUEUE = "tenants.tasks.run_job", "bulk"
MOST_ATTEMPTS = 5
UNENDED = ("waiting", "running")
BRIEFLY = {"socket_connect_timeout": 1, "socket_timeout": 1, "max_retries": 0, "interval_start": 0}

log = logging.getLogger("licet.jobs")


def hand_to_worker(task: str, words: list[Any], queue: str, *, in_seconds: float = 0.0) -> None:
    """What `task` is to be called with. A request waits for it: a second to connect and one to be heard, no retry.
    Raises kombu.exceptions.OperationalError when the broker does not take it.
    """
    with current_app.connection_for_write() as broker:
        broker.transport_options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **BRIEFLY}
        current_app.send_task(task, words, queue=queue, retry=False, connection=broker, countdown=in_seconds or None)


def start_job(kind: str, *, within: Environment, by: Actor, now: datetime) -> Job:
    """A worker begins it once this has committed. Should the broker be away, a sweep hands it out later. One of its
    kind that nobody has begun yet is that job: whoever asks again and again keeps nobody else waiting.
    """
    row = Job(organization_id=within.organization_id, environment_id=within.id, kind=kind, created_at=now)
    with tenant_transaction(within.organization_id):
        Environment.objects.of_organization(within.organization_id).select_for_update().get(pk=within.id)
        waiting: Job | None = Job.objects.within(within).filter(kind=kind, status="waiting").first()
        if waiting is not None:
            return waiting
        row.insert()
        audit.record("job.started", row, by=by, now=now, environment_id=within.id, changes={"kind": kind})
        transaction.on_commit(partial(_hand_out_if_possible, row))
    return row


def _hand_out_if_possible(row: Job) -> None:
    try:
        hand_out(row)
    except OperationalError as error:
        log.warning("The job %s waits for the broker: %s", row.public_id, error)


def hand_out(row: Job) -> None:
    """Raises kombu.exceptions.OperationalError. A job that is not handed out waits for the sweep."""
    hand_to_worker(TASK, [str(row.organization_id), str(row.id)], QUEUE)


def hand_out_again(*, before: datetime) -> int:
    """Jobs that nobody has begun since then, and those begun before whose worker may have died; returns how many.
    One that is being carried out or has ended takes no harm.
    """
    found = Job.objects.across_tenants().filter(status__in=UNENDED, created_at__lt=before)
    unended = list(found.exclude(started_at__gte=before).order_by("id")[:100])
    for row in unended:
        hand_out(row)
    return len(unended)


def carry_out(organization_id: UUID, job_id: UUID) -> None:
    """A job that was interrupted begins again; one that has ended, or that another worker has, is left alone.

    A bug marks it failed and crashes; so does running out of time. Only the death of its worker leaves it running.
    """
    with _alone(job_id) as alone:
        row = _begun(organization_id, job_id) if alone else None
        if row is None:
            return
        try:
            run, _ = settings.JOBS[row.kind]
            row.result = import_string(run)(row, partial(_note, row))
        except Exception:
            _end(row, "failed")
            raise
        _end(row, "done")


@contextmanager
def _alone(job_id: UUID) -> Iterator[bool]:
    """A lock of this session, not of a transaction: with the worker's connection it ends, however that ends."""
    number = int.from_bytes(job_id.bytes[8:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        alone: bool = cursor.fetchone()[0]
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def _begun(organization_id: UUID, job_id: UUID) -> Job | None:
    """None if it has ended. One that took several workers with it is given up."""
    with tenant_transaction(organization_id):
        rows = Job.objects.of_organization(organization_id).select_for_update()
        row: Job | None = rows.filter(pk=job_id, status__in=UNENDED).first()
        if row is None:
            return None
        if row.attempts < MOST_ATTEMPTS:
            row.status, row.started_at, row.attempts = "running", clock.now(), row.attempts + 1
            row.save(update_fields=["status", "started_at", "attempts"])
            return row
    log.error("The job %s was begun %d times and never ended", row.public_id, row.attempts)
    _end(row, "failed")
    return None


def _note(row: Job, progress: int, total: int) -> None:
    row.progress, row.total = progress, total
    _save(row, "progress", "total")


def _end(row: Job, status: str) -> None:
    row.status, row.finished_at = status, clock.now()
    _save(row, "status", "result", "finished_at")


def _save(row: Job, *fields: str) -> None:
    with tenant_transaction(row.organization_id):
        row.save(update_fields=fields)
