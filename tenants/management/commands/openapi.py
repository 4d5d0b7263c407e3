"""`manage.py openapi FILE`: writes the OpenAPI document of the management API."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants.http.openapi.document import document


class Command(BaseCommand):
    help = "Writes the OpenAPI document of the management API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_: Any, **options: Any) -> None:
        options["file"].write_text(document())
