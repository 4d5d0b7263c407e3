"""`manage.py drain`: moves the usage log into the ledger, until it is stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from licensing.usage.drain import Drain
from tenants.publishing.ticking import keep_ticking


class Command(BaseCommand):
    help = "Moves the usage log into the ledger, and rebuilds the counters of a store that lost them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        keep_ticking("drain", Drain().tick, stop)
