"""Work for Celery that may be late: verify knows the time itself. Every task is safe to run twice."""

import logging

from celery import current_app, shared_task
from django.conf import settings

from licensing.actions.clock import billing, endings, grace, rounds, seats
from licensing.rules.status.work import ROUND_SECONDS
from licensing.usage import partitions
from licensing.usage.counters.audit import NotComparable, audit
from tenants import clock

log = logging.getLogger("licet.audit")


@shared_task(expires=ROUND_SECONDS)  # those that nobody did in time say nothing any more
def note_round() -> None:
    rounds.note_round()


@shared_task
def announce_endings() -> None:
    now = clock.now()
    endings.announce_endings(now=now)
    billing.tell_what_came(now=now)
    grace.settle_all_grace(now=now)
    seats.settle_what_came(now=now)


@shared_task
def settle_grace() -> None:
    grace.settle_all_grace(now=clock.now())


@shared_task
def keep_partitions() -> None:
    today = clock.now().date()
    partitions.make_ahead(today)
    partitions.drop_old(today)


@shared_task
def audit_all_counters() -> None:
    for shard in range(settings.LICET_COUNTER_SHARDS):
        audit_counters.delay(shard)


@shared_task(soft_time_limit=480, time_limit=540)  # sums over all that ever was; below the visibility_timeout
def audit_counters(shard: int) -> None:
    try:
        found = audit(shard, of=settings.LICET_COUNTER_SHARDS, now=clock.now())
    except NotComparable as error:
        log.warning("Not audited: %s", error)
        return
    for one in found.drifts:
        log.error("%s holds %s, the ledger says %s", *one)


current_app.add_periodic_task(ROUND_SECONDS, note_round.s(), name="note that worker and beat do their rounds")
current_app.add_periodic_task(60.0, announce_endings.s(), name="announce what ends")
current_app.add_periodic_task(86_400.0, keep_partitions.s(), name="make and drop partitions of usage")
current_app.add_periodic_task(86_400.0, audit_all_counters.s(), name="compare counters with the ledger")
