"""The relay: tells Redis what nobody told it, and tells everything anew when Redis and the database do not agree.

Entries are found by `published_at IS NULL`, row by row and skipping locked ones, not by a cursor over transaction
ids: a transaction that stays open elsewhere delays nobody.
"""

import logging
from datetime import timedelta

from django.db import transaction

from tenants import clock
from tenants.models import FactsEpoch, OutboxEntry
from tenants.publishing import facts_store
from tenants.publishing.publisher import AnotherHistory, ask_for_rebuild, publish, waiting_entries
from tenants.publishing.rebuild import Busy, latest, one_at_a_time, rebuild
from verify.facts import StoreState

MOST_ENTRIES = 500
FORGETFUL = timedelta(hours=1)  # how much a Redis that was started anew is told once more

EMPTY = "the facts in Redis are missing or incomplete"

log = logging.getLogger("licet.relay")


def tick() -> bool:
    """One round; True when there may be more to do at once."""
    facts_store.beat()
    keep_whole()
    return relay()


def relay() -> bool:
    """Tells the oldest waiting entries; True when there may be more."""
    try:
        with transaction.atomic(using="sweep"):
            entries = waiting_entries(MOST_ENTRIES)
            if entries:
                publish(entries)
    except AnotherHistory as another:
        ask_for_rebuild(another.epoch)
        return True
    return len(entries) == MOST_ENTRIES


def keep_whole() -> None:
    """Compares Redis with the database and mends what does not agree, unless a rebuild is under way."""
    held, row, now = facts_store.state(), FactsEpoch.objects.using("sweep").get(), latest()
    reason = _why_rebuild(held, row, now)
    if held is None or reason:
        _rebuild(reason)
    elif (run := facts_store.run()) != row.store_run:
        _tell_again(run)
    elif (held.revision, held.mark) != (now.revision, now.mark):
        _note(held, now)


def _note(held: StoreState, now: StoreState) -> None:
    if facts_store.note(held, StoreState(held.epoch, now.revision, now.mark)):
        FactsEpoch.objects.using("sweep").update(noted_revision=now.revision)


def _why_rebuild(held: StoreState | None, row: FactsEpoch, now: StoreState) -> str:
    """Empty when Redis and this database tell one history."""
    if held is None:
        return EMPTY
    if held.epoch != row.epoch:
        return "a rebuild was asked for, or did not end"
    if held.revision > now.revision or not _knows(held.mark):
        return "the database was restored"
    if held.revision < row.noted_revision:
        return "Redis has forgotten what it was told"
    return ""


def _knows(mark: str) -> bool:
    return not mark or OutboxEntry.objects.across_tenants().filter(pk=mark).exists()


def _rebuild(reason: str) -> None:
    """Other changes are told between its batches."""
    try:
        with one_at_a_time(wait=False):
            if _why_rebuild(facts_store.state(), FactsEpoch.objects.using("sweep").get(), latest()):
                rebuild(reason, lambda *_: relay())
    except Busy:
        return


def _tell_again(run: str) -> None:
    """A Redis process that was killed or failed over may lack its last writes, whatever it acknowledged."""
    since = clock.now() - FORGETFUL
    again = OutboxEntry.objects.across_tenants().filter(published_at__gt=since).update(published_at=None)
    FactsEpoch.objects.using("sweep").update(store_run=run)
    if again:
        log.warning("Redis was started anew: telling the last hour's %d changes once more", again)
