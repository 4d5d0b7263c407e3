"""Builds facts from committed rows and stores them in Redis; used right after commit, by the relay and by rebuilds."""

import logging
from collections import defaultdict
from uuid import UUID

import redis
from django.db import OperationalError

from tenants import clock
from tenants.models import FactsEpoch, OutboxEntry
from tenants.publishing import facts_store
from tenants.publishing.metrics import PUBLISH_FAILURES, PUBLISHED
from tenants.publishing.sources import sources
from verify.ground.failpoints import failpoint

log = logging.getLogger("licet.publishing")


def publish_after_commit(entry_id: UUID) -> None:
    """The fast path. Whatever keeps it from telling Redis, the entry stays and the relay comes for it."""
    failpoint("outbox.after_commit")
    try:
        publish(list(OutboxEntry.objects.across_tenants().filter(pk=entry_id)))
    except (redis.RedisError, OperationalError) as error:
        PUBLISH_FAILURES.inc()
        log.warning("A fact waits for the relay: %s: %s", type(error).__name__, error)


def publish(entries: list[OutboxEntry]) -> None:
    """Raises redis.RedisError when Redis does not take them; telling twice does no harm."""
    subjects: dict[str, set[UUID]] = defaultdict(set)
    for entry in entries:
        subjects[entry.kind].add(entry.subject_id)
    publish_subjects(current_epoch(), subjects)
    failpoint("publisher.after_store")
    waiting = OutboxEntry.objects.across_tenants().filter(pk__in=[entry.pk for entry in entries])
    waiting.update(published_at=clock.now())
    PUBLISHED.inc(len(entries))


def publish_subjects(epoch: int, subjects: dict[str, set[UUID]], *, even_if_newer: bool = False) -> None:
    for kind, source in sources().items():
        if wanted := subjects.get(kind):
            rows = list(source.model.objects.across_tenants().filter(pk__in=wanted))
            facts_store.store(epoch, ((kind, one) for one in source.build(rows)), even_if_newer=even_if_newer)


def current_epoch() -> int:
    """Read before the rows: a fact built meanwhile in an older epoch gives way to the rebuilt one."""
    return FactsEpoch.objects.using("sweep").get().epoch


def waiting_entries(limit: int) -> list[OutboxEntry]:
    """Locked; entries that another relay holds are left to it."""
    return list(
        OutboxEntry.objects.across_tenants()
        .filter(published_at__isnull=True)
        .select_for_update(skip_locked=True)
        .order_by("id")[:limit]
    )
