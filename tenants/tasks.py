"""Work that may be late: tidying. Schedules stand beside their tasks; every task is safe to run twice."""

from datetime import timedelta

from celery import current_app, shared_task
from django.core.management import call_command

from tenants import clock
from tenants.actions.tidying import tidy_outbox as tidy

KEEP_TOLD = timedelta(days=1)


@shared_task
def tidy_outbox() -> None:
    tidy(before=clock.now() - KEEP_TOLD)


@shared_task
def tidy_sessions() -> None:
    call_command("clearsessions")


current_app.add_periodic_task(600.0, tidy_outbox.s(), name="tidy the outbox")
current_app.add_periodic_task(86_400.0, tidy_sessions.s(), name="tidy ended sessions")
