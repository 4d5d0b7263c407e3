"""`manage.py role_matrix FILE`: writes docs/roles.md, from the routes themselves."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.management.routes import Route, routes
from tenants.rules.permissions import ROLES

HEAD = """# Roles

What each role may do, drawn from the routes by `make docs`. A secret key may do what its scopes name,
with the same words: `*` is every permission of its own environment, never `organization:read` or `:write`.

"""
OPEN_HEAD = """
## Without a permission

"""


def matrix() -> str:
    found = list(routes())
    asked = sorted({route for route in found if route.permission}, key=lambda route: (route.path, route.method))
    lines = [f"| | route | permission | {' | '.join(ROLES)} |", "|---|---|---" + "|---" * len(ROLES) + "|"]
    lines += [_line(route) for route in asked]
    without = sorted({(route.path, route.open_because) for route in found if route.permission is None})
    folded = sorted({(_folder(path), why) for path, why in without})
    return HEAD + "\n".join(lines) + "\n" + OPEN_HEAD + "\n".join(f"- `/{path}`: {why}" for path, why in folded) + "\n"


def _line(route: Route) -> str:
    marks = ["yes" if role in route.roles else "" for role in ROLES]
    return f"| {route.method} | `/{route.path}` | `{route.permission}` | {' | '.join(marks)} |"


def _folder(path: str) -> str:
    return "accounts/…" if path.startswith("accounts/") else path


class Command(BaseCommand):
    help = "Writes which role may do what, for every route."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        options["file"].write_text(matrix())
