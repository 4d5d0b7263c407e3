"""`manage.py audit_counters`: compares every counter with the ledger; exits with 1 and tells each that differs."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from licensing.usage.counters.audit import NotComparable, audit
from tenants import clock


class Command(BaseCommand):
    help = "Compares the counters in Redis with the ledger. Calls may go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shard", type=int, help="this one alone; by default all")

    def handle(self, *args: Any, shard: int | None = None, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        counters, drifted = 0, 0
        for one_shard in range(settings.LICET_COUNTER_SHARDS) if shard is None else [shard]:
            try:
                found = audit(one_shard, of=settings.LICET_COUNTER_SHARDS, now=clock.now())
            except NotComparable as error:
                raise CommandError(str(error), returncode=2) from error
            counters, drifted = counters + found.counters, drifted + len(found.drifts)
            for one in found.drifts:
                print(f"{one.counter} holds {one.holds}, the ledger says {one.ledger}")
        print(f"{counters} counters compared with the ledger, {drifted} differ.")
        if drifted:
            sys.exit(1)
