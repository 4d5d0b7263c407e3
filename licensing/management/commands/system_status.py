"""`manage.py system_status`: how every part of the system stands, with hosts and process ids; 1 if one is bad."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from licensing.queries.status.whole import system_status
from licensing.rules.status.part import State
from tenants import clock


class Command(BaseCommand):
    help = "Tells how every part of the system stands; exits with 1 if one is bad."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        status = system_status(clock.now())
        for part in status.parts:
            print(f"{part.state.upper():8} {part.name}: {part.says} {part.advice}".rstrip())
        for one in status.nodes or ():
            node = one.node
            where = f"{node.host}, process {node.pid}, {node.calls_per_second:.1f} calls/s"
            print(f"{one.state.upper():8} Verify {node.name} on {where}. {one.says}".rstrip())
        if status.state is State.BAD:
            sys.exit(1)
