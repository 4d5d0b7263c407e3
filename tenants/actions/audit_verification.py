"""Going through an organization's whole audit chain: what was changed, dropped or reordered is named."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connections, transaction

from tenants.actions.jobs import start_job
from tenants.models import AuditEntry, AuditHead, AuditLink, AuditWaiting, Environment, Job
from tenants.queries.audit_chain import hashed, read_head
from tenants.rules.audit_chain import GENESIS, Head, link
from tenants.rules.permissions import Actor
from verify.ground.ids import encode
from verify.sealing import BrokenSeal

BATCH = 1000
MOST_TOLD = 100
KIND = "audit_log.verification"

Progress = Callable[[int, int], object]


class Fault(NamedTuple):
    """`entry` is an id, or None where nothing is left that has one."""

    position: int | None
    entry: str | None
    problem: str


class Verification(NamedTuple):
    """`faults` is empty if the chain is whole."""

    entries: int
    head: str
    faults: list[Fault]


def ask_for_verification(*, within: Environment, by: Actor, now: datetime) -> Job:
    return start_job(KIND, within=within, by=by, now=now)


def run(job: Job, progress: Progress) -> dict[str, object]:
    """The job's result."""
    done = verify_audit_chain(job.organization_id, progress)
    told = [fault._asdict() for fault in done.faults[:MOST_TOLD]]
    return {"intact": not done.faults, "entries": done.entries, "head": done.head, "faults": told}


def verify_audit_chain(organization_id: UUID, progress: Progress | None = None) -> Verification:
    """Reads every link and every entry as of one moment; `progress(done, total)` follows each batch."""
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _verify(organization_id, progress)


def _verify(organization_id: UUID, progress: Progress | None) -> Verification:
    total = AuditLink.objects.across_tenants().filter(organization_id=organization_id).count()
    head, faults = Head(0, GENESIS), list[Fault]()
    for batch in _batches(organization_id):
        entries = AuditEntry.objects.across_tenants().in_bulk([one.entry_id for one in batch])
        for one in batch:
            faults += _faults_of(one, head, entries.get(one.entry_id))
            head = Head(one.position, bytes(one.hash))
        if progress:
            progress(head.position, total)
    faults += _unchained(organization_id)
    faults += _end_faults(organization_id, head)
    return Verification(total, f"{head.position}:{head.hash.hex()}", faults)


def _batches(organization_id: UUID) -> Iterator[list[AuditLink]]:
    links = AuditLink.objects.across_tenants().filter(organization_id=organization_id).order_by("position")
    last = 0
    while batch := list(links.filter(position__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].position


def _faults_of(one: AuditLink, before: Head, entry: AuditEntry | None) -> Iterator[Fault]:
    name = encode(AuditEntry.PREFIX, one.entry_id)
    if one.position != before.position + 1:
        missing = one.position - before.position - 1
        yield Fault(before.position + 1, None, f"{missing} links are missing here")
    if entry is None:
        yield Fault(one.position, name, "the entry was dropped")
    elif one.position == before.position + 1 and link(before, hashed(entry)).hash != bytes(one.hash):
        yield Fault(one.position, name, "the entry was changed, or stands in another's place")


def _unchained(organization_id: UUID) -> Iterator[Fault]:
    """Entries that are neither chained nor waiting: their link was dropped."""
    chained = AuditLink.objects.across_tenants().values("entry_id")
    waiting = AuditWaiting.objects.across_tenants().values("entry_id")
    entries = AuditEntry.objects.across_tenants().filter(organization_id=organization_id)
    for entry in entries.exclude(id__in=chained).exclude(id__in=waiting)[:MOST_TOLD]:
        yield Fault(None, entry.public_id, "the entry has no link")


def _end_faults(organization_id: UUID, last: Head) -> Iterator[Fault]:
    try:
        head = read_head(AuditHead.objects.across_tenants().filter(pk=organization_id).first())
    except BrokenSeal:
        yield Fault(last.position, None, "the sealed head was forged, or its key is not in LICET_DATA_KEKS")
        return
    if head.position > last.position:
        yield Fault(last.position + 1, None, f"{head.position - last.position} links are missing at the end")
    elif head != last:
        yield Fault(last.position, None, "the chain does not end as its sealed head says")
