"""`manage.py relay`: keeps Redis told and gives order to audit log and events, until it is stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from tenants.actions import sequencing
from tenants.publishing import relay
from tenants.publishing.ticking import keep_ticking


class Command(BaseCommand):
    help = "Tells the data plane what changed, rebuilds lost facts, chains the audit log and orders events."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        # On its own thread: a Redis that hangs must not hold up what needs PostgreSQL alone.
        other = threading.Thread(target=keep_ticking, args=("sequencer", sequencing.sequence, stop))
        other.start()
        keep_ticking("relay", relay.tick, stop)
        other.join()
