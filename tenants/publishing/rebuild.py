"""Telling everything anew, in a higher epoch: after a loss or a restore, and to repair what was altered.

Safe to run twice and to be killed half way: the epoch is raised first and the store is declared whole last,
so a relay that finds them apart begins again. Verdicts go on meanwhile from facts that are still there.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections, transaction

from tenants.models import FactsEpoch, OutboxEntry
from tenants.publishing import facts_store
from tenants.publishing.metrics import REBUILDS
from tenants.publishing.publisher import publish_subjects
from tenants.publishing.sources import Source, sources
from verify.facts import StoreState
from verify.ground.ids import decode

BATCH = 1000
_LOCK = 0x11CE7  # advisory lock: one rebuild at a time

log = logging.getLogger("licet.publishing")

Progress = Callable[[str, int], object]


class Busy(Exception):
    """Another rebuild is under way."""


def republish_all(reason: str, progress: Progress) -> int:
    """Waits for another rebuild, then tells every fact; returns how many.

    Raises redis.RedisError or OperationalError; then call it again. `progress(kind, done)` follows every batch.
    """
    with one_at_a_time(wait=True):
        return rebuild(reason, progress)


def rebuild(reason: str, progress: Progress) -> int:
    """To be called within `one_at_a_time`. A store that is emptied meanwhile is told again from the beginning."""
    while True:
        epoch = _raise_epoch()
        log.warning("Telling every fact anew in epoch %d: %s", epoch, reason)
        token = facts_store.begin_rebuild()
        run = facts_store.run()
        told = sum(_tell_all(kind, source, epoch, progress) for kind, source in sources().items())
        _tidy(epoch)
        now = latest()
        if facts_store.declare_whole(token, StoreState(epoch, now.revision, now.mark)):
            break
        reason = "Redis was emptied meanwhile"
    FactsEpoch.objects.using("sweep").update(noted_revision=now.revision, store_run=run)
    REBUILDS.inc()
    log.warning("Told %d facts anew", told)
    return told


def latest() -> StoreState:
    """How far this database is: the highest revision it handed out, and its newest outbox entry. The epoch is 0."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT last_value FROM facts_revision")
        revision = int(cursor.fetchone()[0])
    newest = OutboxEntry.objects.across_tenants().order_by("-id").values_list("id", flat=True).first()
    return StoreState(0, revision, "" if newest is None else str(newest))


@contextmanager
def one_at_a_time(*, wait: bool) -> Iterator[None]:
    """Held by the session, so that the rebuild's own statements need no one long transaction. Raises Busy."""
    with connections["sweep"].cursor() as cursor:
        if wait:
            cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                raise Busy
    try:
        yield
    finally:
        if connections["sweep"].is_usable():
            with connections["sweep"].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _raise_epoch() -> int:
    """Above this database's epoch and above what Redis has seen, which a restore may have left higher."""
    held = facts_store.state()
    with transaction.atomic(using="sweep"), connections["sweep"].cursor() as cursor:
        cursor.execute(
            "UPDATE facts_epoch SET epoch = greatest(epoch, %s) + 1 RETURNING epoch", [held.epoch if held else 0]
        )
        return int(cursor.fetchone()[0])


def _tell_all(kind: str, source: Source, epoch: int, progress: Progress) -> int:
    last, told = UUID(int=0), 0
    while True:
        batch = source.model.objects.across_tenants().filter(pk__gt=last).order_by("pk")
        ids = list(batch.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return told
        publish_subjects(epoch, {kind: set(ids)}, even_if_newer=True)
        last, told = ids[-1], told + len(ids)
        progress(kind, told)


def _tidy(epoch: int) -> None:
    """What is still of another epoch was made meanwhile, or belongs to no row: look again before deleting."""
    for held in facts_store.of_another_epoch(epoch):
        subject = _subject(held)
        if subject is not None:
            publish_subjects(epoch, {subject[0]: {subject[1]}}, even_if_newer=True)
        facts_store.delete_if_unchanged(held)


def _subject(held: facts_store.Held) -> tuple[str, UUID] | None:
    if held.versioned is None:
        return None
    fact = held.versioned.fact
    source = sources().get(fact.KIND)
    subject_id = decode(source.model.PREFIX, getattr(fact, "id", "")) if source else None
    return None if subject_id is None else (fact.KIND, subject_id)
