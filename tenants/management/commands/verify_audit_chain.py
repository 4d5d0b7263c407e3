"""`manage.py verify_audit_chain`: proves that no audit entry was changed, dropped or reordered."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.actions.audit_verification import verify_audit_chain
from tenants.models import Organization
from verify.ground.ids import decode, encode


class Command(BaseCommand):
    help = "Goes through the audit chain of every organization, or of one, and names what was altered."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organizations", nargs="*", metavar="org_…", help="All of them, if none is named.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        rows = Organization.objects.across_tenants().order_by("id")
        if names := options["organizations"]:
            rows = rows.filter(pk__in=[self._id(name) for name in names])
        faults = 0
        for row in rows:
            done = verify_audit_chain(row.id)
            faults += len(done.faults)
            told = "intact" if not done.faults else f"{len(done.faults)} faults"
            self.stdout.write(f"{encode('org', row.id)} {done.entries} entries, head {done.head}: {told}")
            for fault in done.faults:
                self.stdout.write(f"  {fault.position or ''} {fault.entry or ''} {fault.problem}")
        if faults:
            message = f"The audit log was altered: {faults} faults."
            raise CommandError(message)

    def _id(self, name: str) -> Any:
        found = decode("org", name)
        if found is None:
            message = f"{name} is no organization's id."
            raise CommandError(message)
        return found
