"""Builds facts from committed rows and stores them in Redis; used right after commit, by the relay and by rebuilds."""

import logging
from collections import defaultdict
from uuid import UUID

import redis
from django.db import OperationalError
from django.db.models import F

from tenants import clock
from tenants.models import FactsEpoch, OutboxEntry
from tenants.publishing import facts_store
from tenants.publishing.metrics import PUBLISH_FAILURES, PUBLISHED
from tenants.publishing.sources import sources
from verify import facts
from verify.ground.failpoints import failpoint

log = logging.getLogger("licet.publishing")


class AnotherHistory(Exception):
    """Redis holds what this database cannot have told it in `epoch`."""

    def __init__(self, kind: str, epoch: int) -> None:
        super().__init__(kind)
        self.epoch = epoch


def publish_after_commit(entry_ids: list[UUID]) -> None:
    """The fast path. Whatever keeps it from telling Redis, the entries stay and the relay comes for them."""
    failpoint("outbox.after_commit")
    try:
        publish(list(OutboxEntry.objects.across_tenants().filter(pk__in=entry_ids)))
    except (redis.RedisError, OperationalError) as error:
        PUBLISH_FAILURES.inc()
        log.warning("A fact waits for the relay: %s: %s", type(error).__name__, error)
    except AnotherHistory as another:
        ask_for_rebuild(another.epoch)


def publish(entries: list[OutboxEntry]) -> None:
    """Telling twice does no harm. Raises redis.RedisError when Redis does not take them, and AnotherHistory."""
    subjects: dict[str, set[UUID]] = defaultdict(set)
    for entry in entries:
        subjects[entry.kind].add(entry.subject_id)
    epoch = current_epoch()
    for kind, gave_way in publish_subjects(epoch, subjects).items():
        _check_history(kind, subjects[kind], gave_way)
    failpoint("publisher.after_store")
    waiting = OutboxEntry.objects.across_tenants().filter(pk__in=[entry.pk for entry in entries])
    waiting.update(published_at=clock.now())
    PUBLISHED.inc(len(entries))


def publish_subjects(
    epoch: int, subjects: dict[str, set[UUID]], *, even_if_newer: bool = False
) -> dict[str, list[str]]:
    """Gives, by kind, the keys in Redis that were newer and stayed."""
    gave_way: dict[str, list[str]] = {}
    for kind, source in sources().items():
        if wanted := subjects.get(kind):
            rows = list(source.model.objects.across_tenants().filter(pk__in=wanted))
            built = ((kind, one) for one in source.build(rows))
            if stayed := facts_store.store(epoch, built, even_if_newer=even_if_newer):
                gave_way[kind] = stayed
    return gave_way


def _check_history(kind: str, subjects: set[UUID], gave_way: list[str]) -> None:
    """A fact may give way to a newer one of the same row. If the row itself, read again, is older than what Redis
    holds, then Redis was told by another history: the database was restored, or a fact was altered.
    """
    source = sources()[kind]
    held = {key: facts_store.version(key) for key in gave_way}
    epoch = current_epoch()
    rows = list(source.model.objects.across_tenants().filter(pk__in=subjects))
    for one in source.build(rows):
        if held.get(facts.redis_key(kind, one.name), (0, 0)) > (epoch, one.revision):
            raise AnotherHistory(kind, epoch)


def current_epoch() -> int:
    """Read before the rows: a fact built meanwhile in an older epoch gives way to the rebuilt one."""
    return FactsEpoch.objects.using("sweep").get().epoch


def ask_for_rebuild(epoch: int) -> None:
    """Sets the database's epoch apart from Redis's; the relay then tells everything anew. Once for an epoch: raised
    above a rebuild that is under way, facts of today would give way to what that one had read before.
    """
    FactsEpoch.objects.using("sweep").filter(epoch=epoch).update(epoch=F("epoch") + 1)


def waiting_entries(limit: int) -> list[OutboxEntry]:
    """Locked; entries that another relay holds are left to it."""
    return list(
        OutboxEntry.objects.across_tenants()
        .filter(published_at__isnull=True)
        .select_for_update(skip_locked=True)
        .order_by("id")[:limit]
    )
