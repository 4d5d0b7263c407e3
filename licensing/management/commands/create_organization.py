"""`manage.py create_organization NAME EMAIL`: another organization, told as the JSON of bootstrap.json."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from licensing.actions.newcomers.welcome import welcome_organization
from tenants import clock

LONGEST_NAME = 200


class Command(BaseCommand):
    help = "Makes an organization with a test and a live environment, and prints what is needed to use it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("email", help="who becomes its owner; a person who is not known yet gets a password")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        name = options["name"].strip()
        if not 1 <= len(name) <= LONGEST_NAME or "\0" in name:
            raise CommandError(f"The name must have 1 to {LONGEST_NAME} characters.")
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"{options['email']!r} is no e-mail address.") from error
        made = welcome_organization(name, options["email"], now=clock.now())
        self.stdout.write(json.dumps(made.as_json(), indent=2))
