"""`manage.py forget_second_factor EMAIL`: for who lost theirs, or when the keys that sealed them are lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import clock
from tenants.actions.people.accounts import person
from tenants.actions.people.second_factors import forget_second_factors


class Command(BaseCommand):
    help = "Forgets somebody's authenticator app, recovery codes and passkeys: their password alone signs in again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="make sure by other means that it is them who ask")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        user = person(options["email"])
        if user is None:
            raise CommandError(f"Nobody here has the address {options['email']!r}.")
        forgotten = forget_second_factors(user, now=clock.now())
        self.stdout.write(f"{forgotten} of {user.email} are forgotten; they can set up new ones under Account.")
