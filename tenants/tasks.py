"""Work for Celery: jobs, mail, and tidying that may be late. Every task is safe to run twice; schedules stand here."""

from datetime import timedelta
from uuid import UUID

from celery import current_app, shared_task
from django.core.management import call_command

from tenants import clock
from tenants.actions import idempotency, jobs, tidying
from tenants.actions.people import passwords, sending

KEEP_TOLD = timedelta(days=1)
KEEP_EVENTS = timedelta(days=90)
HAND_OUT_AGAIN = timedelta(seconds=30)


@shared_task(soft_time_limit=480, time_limit=540)  # below the broker's visibility_timeout
def run_job(organization_id: str, job_id: str) -> None:
    jobs.carry_out(UUID(organization_id), UUID(job_id))


@shared_task
def hand_out_jobs() -> None:
    jobs.hand_out_again(before=clock.now() - HAND_OUT_AGAIN)


@shared_task
def send_invitation(organization_id: str, invitation_id: str) -> None:
    sending.send_invitation(UUID(organization_id), UUID(invitation_id), now=clock.now())


@shared_task
def send_unsent_invitations() -> None:
    now = clock.now()
    sending.hand_out_again(before=now - HAND_OUT_AGAIN, now=now)


@shared_task(autoretry_for=(OSError,), retry_backoff=5, max_retries=5)  # 5, 10, … 80 s; then they ask again
def send_password_reset(user_id: int) -> None:
    passwords.send_password_reset(user_id)


@shared_task
def tidy_outbox() -> None:
    tidying.tidy_outbox(before=clock.now() - KEEP_TOLD)


@shared_task
def tidy_events() -> None:
    tidying.tidy_events(before=clock.now() - KEEP_EVENTS)


@shared_task
def forget_idempotent_answers() -> None:
    idempotency.forget_answers(before=clock.now() - idempotency.KEPT)


@shared_task
def tidy_sessions() -> None:
    call_command("clearsessions")


current_app.add_periodic_task(60.0, hand_out_jobs.s(), name="hand out jobs that nobody has begun")
current_app.add_periodic_task(60.0, send_unsent_invitations.s(), name="send invitations whose mail is unsent")
current_app.add_periodic_task(600.0, tidy_outbox.s(), name="tidy the outbox")
current_app.add_periodic_task(3600.0, tidy_events.s(), name="tidy old events")
current_app.add_periodic_task(3600.0, forget_idempotent_answers.s(), name="forget idempotent answers")
current_app.add_periodic_task(86_400.0, tidy_sessions.s(), name="tidy ended sessions")
