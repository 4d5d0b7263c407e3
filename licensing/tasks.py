"""Work for Celery that may be late: verify knows the time itself. Every task is safe to run twice."""

from celery import current_app, shared_task

from licensing.actions import endings
from tenants import clock


@shared_task
def announce_endings() -> None:
    endings.announce_endings(now=clock.now())


current_app.add_periodic_task(60.0, announce_endings.s(), name="announce what ends")
