"""`manage.py republish_all`: tells Redis every fact anew, repairing what is missing, wrong or stale there."""

from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from tenants.publishing.rebuild import republish_all


class Command(BaseCommand):
    help = "Tells the data plane every fact anew, in a higher epoch. Verdicts go on meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        try:
            told = republish_all("asked for by command", self._say)
        except (redis.RedisError, OperationalError) as error:
            raise CommandError(f"Not all could be told: {error}. Nothing is lost; run it again.") from error
        self.stdout.write(f"{told} facts told anew.")

    def _say(self, kind: str, done: int) -> None:
        self.stdout.write(f"{kind}: {done}")
