"""Giving order to what was committed: audit entries become links of a chain, events get positions.

One sequencer at a time. A round reads what waits in one snapshot: whatever was committed before something in it is
in it too, or in an earlier round. So the order is that of commits, and nothing is ever put before what was shown.
No cursor over transaction ids is kept, as their numbers begin anew in a database that was restored elsewhere.
"""

import logging
from collections import defaultdict
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connections, transaction

from tenants.models import AuditEntry, AuditHead, AuditLink, AuditWaiting, Event
from tenants.queries.audit_chain import hashed, head_place, read_head
from tenants.rules.audit_chain import GENESIS, Head, link
from verify import sealing
from verify.ground.failpoints import failpoint

BATCH = 500
_LOCK = 0x11CE8  # advisory lock of the transaction: one sequencer at a time

log = logging.getLogger("licet.sequencer")


def sequence() -> bool:
    """One round; True when there may be more to do at once. A round is a transaction, so it may be killed anywhere."""
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return False
        chained, placed = _chain_audit_entries(), _place_events()
        failpoint("sequencer.before_commit")
    return BATCH in (chained, placed)


def _chain_audit_entries() -> int:
    waiting = list(AuditWaiting.objects.across_tenants().order_by("transaction_id", "entry_id")[:BATCH])
    if not waiting:
        return 0
    entries = AuditEntry.objects.across_tenants().in_bulk([one.entry_id for one in waiting])
    by_organization: dict[UUID, list[AuditEntry]] = defaultdict(list)
    for one in waiting:
        if one.entry_id in entries:
            by_organization[one.organization_id].append(entries[one.entry_id])
    for organization_id, found in by_organization.items():
        _append(organization_id, found)
    AuditWaiting.objects.across_tenants().filter(pk__in=[one.entry_id for one in waiting]).delete()
    return len(waiting)


def _append(organization_id: UUID, entries: list[AuditEntry]) -> None:
    row = AuditHead.objects.across_tenants().filter(pk=organization_id).first()
    head = _trusted_head(organization_id, row)
    links = []
    for entry in entries:
        head = link(head, hashed(entry))
        links.append(
            AuditLink(organization_id=organization_id, position=head.position, entry_id=entry.id, hash=head.hash)
        )
    AuditLink.objects.across_tenants().bulk_create(links)
    new = row or AuditHead(organization_id=organization_id)
    new.sealed = sealing.seal(settings.LICET_DATA_KEKS, head_place(new), msgspec.msgpack.encode(head))
    new.save(using="sweep", force_insert=row is None, force_update=row is not None)


def _trusted_head(organization_id: UUID, row: AuditHead | None) -> Head:
    """The sealed head, whatever the links say: what was taken from the chain's end then leaves a gap to be found."""
    last = AuditLink.objects.across_tenants().filter(organization_id=organization_id).order_by("-position").first()
    held = Head(last.position, bytes(last.hash)) if last else Head(0, GENESIS)
    try:
        head = read_head(row)
    except sealing.BrokenSeal:
        log.exception("The head of the audit chain of %s was forged, or its key is lost", organization_id)
        return held
    if head != held:
        log.error("The audit chain of %s does not end where it was left", organization_id)
    return max(head, held)


def _place_events() -> int:
    waiting = Event.objects.across_tenants().filter(position__isnull=True).order_by("transaction_id", "id")
    ids = list(waiting.values_list("pk", flat=True)[:BATCH])
    with connections["sweep"].cursor() as cursor:
        cursor.execute("SELECT nextval('events_position') FROM generate_series(1, %s)", [len(ids)])
        positions = [position for (position,) in cursor.fetchall()]
    events = [Event(pk=pk, position=position) for pk, position in zip(ids, positions, strict=True)]
    Event.objects.across_tenants().bulk_update(events, ["position"])
    return len(ids)
