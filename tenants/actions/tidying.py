"""Removing what nobody needs any more."""

from datetime import datetime

from tenants.models import Event, OutboxEntry

BATCH = 5000


def tidy_outbox(*, before: datetime) -> int:
    """Deletes entries that were told before then; returns how many. Not a change of anything a tenant has.

    The newest entry stays whatever its age: it is the mark by which a restored database is known.
    """
    newest = OutboxEntry.objects.across_tenants().order_by("-id").values_list("id", flat=True).first()
    deleted = 0
    while True:
        told = OutboxEntry.objects.across_tenants().filter(published_at__lt=before).exclude(pk=newest)
        ids = list(told.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return deleted
        deleted += OutboxEntry.objects.across_tenants().filter(pk__in=ids).delete()[0]


def tidy_events(*, before: datetime) -> int:
    """Deletes events from before then; returns how many. They are news, not a record: that is the audit log."""
    deleted = 0
    while True:
        ids = list(Event.objects.across_tenants().filter(created_at__lt=before).values_list("pk", flat=True)[:BATCH])
        if not ids:
            return deleted
        deleted += Event.objects.across_tenants().filter(pk__in=ids).delete()[0]
