"""The relay: tells Redis what nobody told it, and rebuilds a store that is not whole or knows too much.

Entries are found by `published_at IS NULL`, row by row and skipping locked ones, not by a cursor over transaction
ids: a transaction that stays open elsewhere delays nobody.
"""

import logging
import threading

import redis
from django.db import OperationalError, connections, transaction

from tenants.publishing import facts_store
from tenants.publishing.publisher import current_epoch, publish, waiting_entries
from tenants.publishing.rebuild import latest_revision, republish_all

INTERVAL_SECONDS = 0.25
MOST_ENTRIES = 500

log = logging.getLogger("licet.relay")


def run(stop: threading.Event) -> None:
    """Ticks until `stop`. Redis or PostgreSQL away: says so once, waits, tries again."""
    trouble = ""
    while not stop.is_set():
        try:
            busy = tick()
            if trouble:
                log.info("The relay works again")
            trouble = ""
        except (redis.RedisError, OperationalError) as error:
            busy = False
            connections.close_all()
            if type(error).__name__ != trouble:
                trouble = type(error).__name__
                log.warning("The relay waits: %s: %s", trouble, error)
        if not busy:
            stop.wait(INTERVAL_SECONDS)


def tick() -> bool:
    """One round; True when there may be more to do at once."""
    keep_whole()
    with transaction.atomic(using="sweep"):
        entries = waiting_entries(MOST_ENTRIES)
        if entries:
            publish(entries)
    return len(entries) == MOST_ENTRIES


def keep_whole() -> None:
    """Rebuilds when Redis was emptied, or when this database stands below what Redis was told: it was restored."""
    state, epoch, revision = facts_store.state(), current_epoch(), latest_revision()
    if state is None:
        republish_all("the facts in Redis are missing or incomplete")
    elif state.epoch != epoch or state.revision > revision:
        republish_all("the database was restored, or a rebuild did not end")
    elif state.revision < revision:
        facts_store.note_revision(state, revision)
