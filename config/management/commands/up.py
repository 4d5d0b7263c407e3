"""`manage.py up`: starts everything and stays until Ctrl-C."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.env import home
from config.supervisor.sequence import up


class Command(BaseCommand):
    help = "Starts the servers, both planes and everything behind them; Ctrl-C stops all."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        sys.exit(up(os.environ, home()))
