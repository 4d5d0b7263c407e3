"""Going through an organization's whole audit chain: what was changed, dropped or reordered is named."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Exists, OuterRef, QuerySet

from tenants.actions.jobs import start_job
from tenants.models import AuditEntry, AuditHead, AuditLink, AuditWaiting, Environment, Job
from tenants.queries.audit_chain import hashed, read_head
from tenants.rules.audit_chain import EMPTY, GENESIS, Head, link
from tenants.rules.permissions import Actor
from verify.ground.ids import encode
from verify.sealing import BrokenSeal, KeyNotInRing

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
    """Of `found` faults, `faults` are the first; `waiting` entries are not chained yet."""

    entries: int
    waiting: int
    head: Head
    found: int
    faults: list[Fault]

    @property
    def intact(self) -> bool:
        return self.found == 0


def ask_for_verification(*, within: Environment, by: Actor, now: datetime) -> Job:
    return start_job(KIND, within=within, by=by, now=now)


def run(job: Job, progress: Progress) -> dict[str, object]:
    """The job's result."""
    done = verify_audit_chain(job.organization_id, progress)
    faults = [fault._asdict() for fault in done.faults]
    told = {"intact": done.intact, "entries": done.entries, "waiting": done.waiting, "head": str(done.head)}
    return told | {"found": done.found, "faults": faults}


def verify_audit_chain(
    organization_id: UUID, progress: Progress | None = None, *, noted: Head | None = None
) -> Verification:
    """Reads every link and every entry as of one moment; `progress(done, total)` comes first and after each batch.

    `noted` is a head that was told earlier and kept elsewhere: it must be in the chain still.
    """
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")  # a long log takes its time
        return _Walk(organization_id, noted).through(progress)


class _Walk:
    """One going through; what it finds and how far it has come."""

    def __init__(self, organization_id: UUID, noted: Head | None) -> None:
        self._organization_id, self._noted = organization_id, noted
        self._links = AuditLink.objects.across_tenants().filter(organization_id=organization_id)
        self._entries = AuditEntry.objects.across_tenants().filter(organization_id=organization_id)
        self._waiting = AuditWaiting.objects.across_tenants().filter(organization_id=organization_id)
        self._head, self._found, self._faults = EMPTY, 0, list[Fault]()

    def through(self, progress: Progress | None) -> Verification:
        total, done = self._links.count(), 0
        if progress:
            progress(done, total)
        while batch := list(self._links.filter(position__gt=self._head.position).order_by("position")[:BATCH]):
            entries = self._entries.in_bulk([one.entry_id for one in batch])
            for one in batch:
                self._note(_faults_of(one, self._head, entries.get(one.entry_id)))
                self._head = Head(one.position, bytes(one.hash))
                self._note(_noted_faults(self._noted, self._head))
            done += len(batch)
            if progress:
                progress(done, total)
        self._note(self._end_faults())
        self._note(_unchained(self._entries))
        return Verification(total, self._waiting.count(), self._head, self._found, self._faults)

    def _note(self, faults: Iterator[Fault]) -> None:
        for fault in faults:
            self._found += 1
            if len(self._faults) < MOST_TOLD:
                self._faults.append(fault)

    def _end_faults(self) -> Iterator[Fault]:
        last = self._head
        if self._noted and self._noted.position > last.position:
            yield Fault(self._noted.position, None, "the chain does not reach the head that was noted")
        row = AuditHead.objects.across_tenants().filter(pk=self._organization_id).first()
        if row is None:
            if last != EMPTY:
                yield Fault(last.position, None, "the sealed head was dropped")
            elif not self._waiting.exists():
                yield Fault(None, None, "nothing is left of the audit log")
            return
        try:
            head = read_head(row)
        except KeyNotInRing:
            yield Fault(last.position, None, "the head is sealed with a key that is not in LICET_DATA_KEKS")
        except BrokenSeal:
            yield Fault(last.position, None, "the sealed head was forged")
        else:
            yield from _where_it_ends(head, last)


def _where_it_ends(head: Head, last: Head) -> Iterator[Fault]:
    if head.position > last.position:
        yield Fault(last.position + 1, None, f"{_links(head.position - last.position)} missing at the end")
    elif head != last:
        yield Fault(last.position, None, "the chain does not end as its sealed head says")


def _faults_of(one: AuditLink, before: Head, entry: AuditEntry | None) -> Iterator[Fault]:
    name = encode(AuditEntry.PREFIX, one.entry_id)
    missing = one.position - before.position - 1
    if missing:
        yield Fault(before.position + 1, None, f"{_links(missing)} missing here")
    if entry is None:
        yield Fault(one.position, name, "the entry was dropped")
        return
    told, digest = hashed(entry), bytes(one.hash)
    if missing or link(before, told).hash == digest:
        return
    if link(Head(before.position, GENESIS), told).hash == digest:
        yield Fault(one.position, name, "the chain was begun anew here, as its sealed head was missing or forged")
    else:
        yield Fault(one.position, name, "the entry was changed, or what stands before it")


def _links(number: int) -> str:
    return "1 link is" if number == 1 else f"{number} links are"


def _noted_faults(noted: Head | None, head: Head) -> Iterator[Fault]:
    if noted and noted.position == head.position and noted != head:
        yield Fault(head.position, None, "the chain is not the one whose head was noted")


def _unchained(entries: QuerySet[AuditEntry]) -> Iterator[Fault]:
    """Entries that are neither chained nor waiting: their link was dropped."""
    of_entry = {"organization_id": OuterRef("organization_id"), "entry_id": OuterRef("id")}
    chained = AuditLink.objects.across_tenants().filter(**of_entry)
    waiting = AuditWaiting.objects.across_tenants().filter(**of_entry)
    for entry in entries.exclude(Exists(chained)).exclude(Exists(waiting)).iterator():
        yield Fault(None, entry.public_id, "the entry has no link")
