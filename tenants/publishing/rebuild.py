"""Telling everything anew, in a higher epoch: after a loss or a restore, and to repair what was altered.

Safe to run twice and to be killed half way: the epoch is raised first and the store is declared whole last,
so a relay that finds them apart begins again. Verdicts go on meanwhile from facts that are still there.
"""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import connections, transaction

from tenants.publishing import facts_store
from tenants.publishing.metrics import REBUILDS
from tenants.publishing.publisher import publish_subjects
from tenants.publishing.sources import Source, sources
from verify.facts import StoreState
from verify.ground.ids import decode

BATCH = 1000
_LOCK = 0x11CE7  # advisory lock: one rebuild at a time, a second one waits its turn

log = logging.getLogger("licet.publishing")

Progress = Callable[[str, int], None]


def republish_all(reason: str, progress: Progress | None = None) -> int:
    """Returns how many facts were told. Raises redis.RedisError or OperationalError; then call it again.

    `progress(kind, done)` is called after every batch.
    """
    with _OneAtATime():
        epoch = _raise_epoch()
        log.warning("Telling every fact anew in epoch %d: %s", epoch, reason)
        told = sum(_tell_all(kind, source, epoch, progress) for kind, source in sources().items())
        _tidy(epoch)
        facts_store.declare_whole(StoreState(epoch, latest_revision()))
        REBUILDS.inc()
        log.warning("Told %d facts anew", told)
        return told


def latest_revision() -> int:
    """The highest revision this database has handed out."""
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT last_value FROM facts_revision")
        return int(cursor.fetchone()[0])


class _OneAtATime:
    """Held by the session, so that the rebuild's own statements need no one long transaction."""

    def __enter__(self) -> None:
        self._ask("pg_advisory_lock")

    def __exit__(self, *error: object) -> None:
        if connections["sweep"].is_usable():
            self._ask("pg_advisory_unlock")

    def _ask(self, function: str) -> None:
        with connections["sweep"].cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def _raise_epoch() -> int:
    """Above this database's epoch and above what Redis has seen, which a restore may have left higher."""
    held = facts_store.state()
    with transaction.atomic(using="sweep"), connections["sweep"].cursor() as cursor:
        cursor.execute(
            "UPDATE facts_epoch SET epoch = greatest(epoch, %s) + 1 RETURNING epoch", [held.epoch if held else 0]
        )
        return int(cursor.fetchone()[0])


def _tell_all(kind: str, source: Source, epoch: int, progress: Progress | None) -> int:
    last, told = UUID(int=0), 0
    while True:
        batch = source.model.objects.across_tenants().filter(pk__gt=last).order_by("pk")
        ids = list(batch.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return told
        publish_subjects(epoch, {kind: set(ids)}, even_if_newer=True)
        last, told = ids[-1], told + len(ids)
        if progress is not None:
            progress(kind, told)


def _tidy(epoch: int) -> None:
    """What is still of an older epoch was made meanwhile, or belongs to no row: look again before deleting."""
    for held in facts_store.older_than(epoch):
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
