"""`manage.py prepare`: makes the database roles, then migrates. Safe to run again; changes nothing that is right."""

import os
from typing import Any

import psycopg
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, ProgrammingError, connections
from psycopg import sql

ROLES = {
    "licet_app": "LOGIN NOINHERIT",
    "licet_sweep": "LOGIN NOINHERIT BYPASSRLS",
    "licet_lookup": "NOLOGIN NOINHERIT",
}
# Before PostgreSQL 16 every member may become the role.
_MAY_BECOME = """
SELECT pg_has_role(
    current_user, oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
) FROM pg_roles WHERE rolname = 'licet_lookup'
"""
# For the schema's owner, before anything is made in it: what it makes, the two working roles may use. `lookup` belongs
# to the role of its functions: a dump grants rights last, and without them could not give the functions to that role.
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS lookup;
ALTER SCHEMA lookup OWNER TO licet_lookup;
GRANT USAGE ON SCHEMA public, lookup TO licet_app, licet_sweep;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO licet_app, licet_sweep;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO licet_app, licet_sweep;
"""


class Command(BaseCommand):
    help = "Makes the database roles and migrates."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        if "owner" not in connections.databases:
            raise CommandError("DATABASE_OWNER_URL is not set; only the owner of the schema can migrate it.")
        try:
            self._make_roles()
            with connections["owner"].cursor() as cursor:
                cursor.execute(_SCHEMA)
            call_command("migrate", database="owner", interactive=False, verbosity=0, skip_checks=True)
        except (psycopg.Error, DatabaseError) as error:
            raise CommandError(str(error).strip()) from error
        self.stdout.write("The database is migrated.")

    def _make_roles(self) -> None:
        connection = connections["owner"]
        with connection.cursor() as cursor:
            owner = cursor.execute("SELECT current_user").fetchone()[0]
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
            known = {name for (name,) in cursor.fetchall()}
            missing = [role for role in ROLES if role not in known]
            cursor.execute(_MAY_BECOME)
            row = cursor.fetchone()
        if not missing and row is not None and row[0]:
            return
        statements = [f"CREATE ROLE {role} {ROLES[role]}" for role in missing]
        statements += [f'GRANT {role} TO "{owner}"' for role in ROLES]
        try:
            self._as_administrator(statements)
        except (psycopg.errors.InsufficientPrivilege, ProgrammingError) as error:
            raise CommandError(
                f"The role {owner} may not make the database roles ({str(error).splitlines()[0]}). "
                f"As a superuser run: {'; '.join(statements)};"
            ) from error
        self.stdout.write("The database roles are made.")

    def _as_administrator(self, statements: list[str]) -> None:
        """As `DATABASE_ADMIN_URL` if there is one, else as the owner, who may be permitted to make roles."""
        if url := os.environ.get("DATABASE_ADMIN_URL"):
            with psycopg.connect(url, autocommit=True) as connection:
                for statement in statements:
                    connection.execute(sql.SQL(statement))
            return
        with connections["owner"].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
