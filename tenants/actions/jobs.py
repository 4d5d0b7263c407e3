"""Starting jobs and carrying them out; what each kind does is named in config."""

import logging
from datetime import datetime
from functools import partial
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from tenants import clock
from tenants.actions import audit
from tenants.models import Environment, Job
from tenants.rules.permissions import Actor
from tenants.tenancy import tenant_transaction

TASK = "tenants.tasks.run_job"

log = logging.getLogger("licet.jobs")


def start_job(kind: str, *, within: Environment, by: Actor, now: datetime) -> Job:
    """A worker begins it once this has committed. Should the broker be away, a sweep hands it out later."""
    row = Job(organization_id=within.organization_id, environment_id=within.id, kind=kind, created_at=now)
    with tenant_transaction(within.organization_id):
        row.insert()
        audit.record("job.started", row, by=by, now=now, environment_id=within.id, changes={"kind": kind})
        transaction.on_commit(partial(hand_out, row), robust=True)
    return row


def hand_out(row: Job) -> None:
    current_app.send_task(TASK, [str(row.organization_id), str(row.id)], retry=False)


def hand_out_again(*, before: datetime) -> int:
    """Jobs that nobody has begun since then; returns how many. Beginning one twice does no harm."""
    waiting = list(Job.objects.across_tenants().filter(status="waiting", created_at__lt=before)[:100])
    for row in waiting:
        hand_out(row)
    return len(waiting)


def carry_out(organization_id: UUID, job_id: UUID) -> None:
    """A job that was interrupted begins again; one that has ended is left alone. A bug marks it failed, and crashes."""
    with tenant_transaction(organization_id):
        jobs = Job.objects.of_organization(organization_id).select_for_update()
        row: Job | None = jobs.filter(pk=job_id, status__in=("waiting", "running")).first()
        if row is None:
            return
        row.status, row.started_at = "running", clock.now()
        row.save(update_fields=["status", "started_at"])
    try:
        row.result = import_string(settings.JOBS[row.kind])(row, partial(_note, row))
        row.status = "done"
    except BaseException:
        row.status = "failed"
        raise
    finally:
        row.finished_at = clock.now()
        _save(row, "status", "result", "finished_at")


def _note(row: Job, progress: int, total: int) -> None:
    row.progress, row.total = progress, total
    _save(row, "progress", "total")


def _save(row: Job, *fields: str) -> None:
    with tenant_transaction(row.organization_id):
        row.save(update_fields=fields)
