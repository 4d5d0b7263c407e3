"""Giving order to what was committed: audit entries become links of a chain, events get positions.

One sequencer at a time. Every entry and event drew its turn while its transaction committed. A round reads, in one
snapshot, the lowest turns that wait: whatever had been committed before one of them began to commit has a lower turn
and is seen with it, or was in an earlier round. So the order is that of commits, and nothing is ever put before what
was shown. Numbers of transactions would not do: they are drawn by a transaction's first write, and begin anew in a
database that was restored elsewhere.
"""

import functools
import logging
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connections, transaction

from tenants.models import AuditEntry, AuditHead, AuditLink, AuditWaiting, Event, EventWaiting
from tenants.queries.audit_chain import hashed, head_place, last_link, read_head
from tenants.rules.audit_chain import EMPTY, Head, continued, link
from verify import sealing
from verify.ground.failpoints import failpoint
from verify.ground.ids import encode

BATCH = 500
_LOCK = 0x11CE8  # advisory lock of the transaction: one sequencer at a time

log = logging.getLogger("licet.sequencer")


def sequence() -> bool:
    """One round: a batch of every organization that has something waiting, so that none waits for another's import.
    True when there may be more to do at once.
    """
    busy = False
    for organization_id in _waiting_organizations():
        busy |= _sequence(organization_id)
    return busy


def _waiting_organizations() -> set[UUID]:
    found: set[UUID] = set()
    for queue in (AuditWaiting, EventWaiting):
        found.update(queue.objects.across_tenants().values_list("organization_id", flat=True).distinct())
    return found


def _sequence(organization_id: UUID) -> bool:
    """A batch is a transaction, so it may be killed anywhere."""
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return False
        chained, placed = _chain_audit_entries(organization_id), _place_events(organization_id)
        failpoint("sequencer.before_commit")
    return BATCH in (chained, placed)


def _chain_audit_entries(organization_id: UUID) -> int:
    queue = AuditWaiting.objects.across_tenants().filter(organization_id=organization_id)
    waiting = list(queue.order_by("turn", "entry_id").values_list("entry_id", flat=True)[:BATCH])
    if not waiting:
        return 0
    try:
        _append(organization_id, waiting)
    except sealing.KeyNotInRing:
        _complain(organization_id, "waits: the key that sealed its head is not in LICET_DATA_KEKS")
        return 0
    queue.filter(pk__in=waiting).delete()
    return len(waiting)


def _append(organization_id: UUID, waiting: list[UUID]) -> None:
    """An entry that was chained already is passed over; of one that is gone, its link says that it was there."""
    entries = AuditEntry.objects.across_tenants().filter(organization_id=organization_id).in_bulk(waiting)
    links = AuditLink.objects.across_tenants()
    chained = set(links.filter(entry_id__in=waiting).values_list("entry_id", flat=True))
    row = AuditHead.objects.across_tenants().filter(pk=organization_id).first()
    head, new = _head(organization_id, row), list[AuditLink]()
    for entry_id in waiting:
        if entry_id in chained:
            continue
        entry = entries.get(entry_id)
        head = link(head, hashed(entry) if entry else {"id": encode(AuditEntry.PREFIX, entry_id)})
        new.append(
            AuditLink(organization_id=organization_id, position=head.position, entry_id=entry_id, hash=head.hash)
        )
    if new:
        links.bulk_create(new)
        _seal(row, organization_id, head)


def _head(organization_id: UUID, row: AuditHead | None) -> Head:
    """Raises sealing.KeyNotInRing."""
    held = last_link(organization_id)
    if row is None and held == EMPTY:
        return EMPTY
    try:
        sealed = read_head(row) if row else None
    except sealing.KeyNotInRing:
        raise
    except sealing.BrokenSeal:
        sealed = None
    if sealed != held:
        _complain(organization_id, "was altered; `manage.py verify_audit_chain` says where")
    return continued(sealed, held)


def _seal(row: AuditHead | None, organization_id: UUID, head: Head) -> None:
    new = row or AuditHead(organization_id=organization_id)
    new.sealed = sealing.seal(settings.LICET_DATA_KEKS, head_place(new), msgspec.msgpack.encode(head))
    new.save(using="sweep", force_insert=row is None, force_update=row is not None)


@functools.cache
def _complain(organization_id: UUID, trouble: str) -> None:
    """Once in the life of this process: a round follows every quarter of a second."""
    log.error("The audit chain of %s %s", encode("org", organization_id), trouble)


def _place_events(organization_id: UUID) -> int:
    queue = EventWaiting.objects.across_tenants().filter(organization_id=organization_id)
    waiting = list(queue.order_by("turn", "event_id").values_list("event_id", flat=True)[:BATCH])
    if not waiting:
        return 0
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT nextval('events_position') FROM generate_series(1, %s)", [len(waiting)])
        positions = [position for (position,) in cursor.fetchall()]
    events = [Event(pk=pk, position=position) for pk, position in zip(waiting, positions, strict=True)]
    unplaced = Event.objects.across_tenants().filter(organization_id=organization_id, position__isnull=True)
    unplaced.bulk_update(events, ["position"])
    queue.filter(pk__in=waiting).delete()
    return len(waiting)
