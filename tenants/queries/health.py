"""Whether this process can serve: the database answers and its role is no more than it should be."""

from typing import NamedTuple

from django.db import DatabaseError, connection


class Health(NamedTuple):
    """`problem` is None when all is well, else one sentence."""

    current_user: str | None
    problem: str | None


_QUESTION = """
SELECT current_user::text, role.rolsuper OR role.rolbypassrls,
       EXISTS (SELECT FROM pg_class WHERE relowner = role.oid AND relkind IN ('r', 'p')),
       coalesce((SELECT max(applied) FROM django_migrations) IS NOT NULL, false)
FROM pg_roles role WHERE role.rolname = current_user
"""


def database_health() -> Health:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_QUESTION)
            row = cursor.fetchone()
    except DatabaseError as error:
        return Health(None, f"The database does not answer: {str(error).splitlines()[0]}")
    user, passes_security, owns_tables, migrated = row
    if passes_security or owns_tables:
        return Health(user, f"The role {user} can pass row-level security; connect as licet_app.")
    if not migrated:
        return Health(user, "The database is not migrated; run `manage.py prepare`.")
    return Health(user, None)
