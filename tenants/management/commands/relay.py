"""`manage.py relay`: keeps Redis told, until it is stopped."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from tenants.publishing import relay


class Command(BaseCommand):
    help = "Tells the data plane what changed, and rebuilds its facts when they were lost."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        relay.run(stop)
