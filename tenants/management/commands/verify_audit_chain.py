"""`manage.py verify_audit_chain`: proves that no audit entry was changed, dropped or reordered."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.actions.audit_verification import Verification, verify_audit_chain
from tenants.models import AuditHead, Organization
from tenants.rules.audit_chain import Head, read
from verify.ground.ids import decode, encode


class Command(BaseCommand):
    help = "Goes through the audit chain of every organization, or of some, and names what was altered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organizations", nargs="*", metavar="org_…", help="All of them, if none is named.")
        parser.add_argument("--noted", metavar="17:3af1…", help="A head told earlier, which the chain must still hold.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        known = set(Organization.objects.across_tenants().values_list("pk", flat=True))
        known.update(AuditHead.objects.across_tenants().values_list("pk", flat=True))
        wanted = [_id(name, known) for name in options["organizations"]] or sorted(known)
        noted = _head(options["noted"], len(wanted))
        found = sum(self._tell(row_id, verify_audit_chain(row_id, noted=noted)) for row_id in wanted)
        if found:
            raise CommandError(f"The audit log was altered: {_faults(found)}.")

    def _tell(self, organization_id: UUID, done: Verification) -> int:
        """Gives how many faults there are."""
        told = "intact" if done.intact else _faults(done.found)
        waiting = f"{done.waiting} waiting, " if done.waiting else ""
        self.stdout.write(f"{encode('org', organization_id)} {done.entries} entries, {waiting}head {done.head}: {told}")
        for fault in done.faults:
            where = [str(part) for part in (fault.position, fault.entry) if part is not None]
            self.stdout.write(f"  {' '.join([*where, fault.problem])}")
        if done.found > len(done.faults):
            self.stdout.write(f"  and {done.found - len(done.faults)} more")
        return done.found


def _faults(found: int) -> str:
    return "1 fault" if found == 1 else f"{found} faults"


def _id(name: str, known: set[UUID]) -> UUID:
    found = decode("org", name)
    if found is None or found not in known:
        raise CommandError(f"There is no organization {name}.")
    return found


def _head(text: str | None, organizations: int) -> Head | None:
    if text is None:
        return None
    head = read(text)
    if head is None or organizations != 1:
        raise CommandError("--noted takes a head as this command shows it, and one organization.")
    return head
