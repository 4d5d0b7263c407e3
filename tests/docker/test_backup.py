"""Backup and restore as docs/production.md tells it: what the dump knows is in force again, and as safe as before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.running.containers.production import Production
from tests.running.stack import CLONE
from verify.ground.ids import decode

PAGE = CLONE / "docs" / "production.md"
DUMP = "pg_dump --format=custom"
RESTORE = "pg_restore --exit-on-error --single-transaction --dbname=licet"


def role(copy: Production, name: str) -> dict[str, str]:
    """A role's own login over TCP, as libpq is told of it."""
    port = str(copy.servers.postgres_port)
    password = copy.secret(f"{name}_password")
    return {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": name, "PGPASSWORD": password, "PGDATABASE": "licet"}


def run(copy: Production, command: str, *words: str, **environment: str) -> str:
    program, *options = command.split()
    return copy.postgres(program, *options, *words, **environment)


def new_key(organization: dict[str, Any], api: httpx.Client) -> tuple[str, str]:
    """Its id and its secret."""
    made = api.post("/v1/keys", json={"license": organization["sample"]["license"]})
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["secret"]


def audited(copy: Production) -> list[tuple[Any, ...]]:
    with psycopg.connect(copy.secret("database_sweep_url")) as database:
        return database.execute("SELECT id, action, subject_id FROM audit_entries ORDER BY id").fetchall()


def catalogue(copy: Production) -> list[tuple[Any, ...]]:
    """Who owns what, who may what, and which rows whom are shown."""
    with psycopg.connect(copy.secret("database_sweep_url")) as database:
        return database.execute(
            "SELECT 'table', c.oid::regclass::text, relowner::regrole::text, relrowsecurity, relforcerowsecurity, "
            "  (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(relacl) acl) "
            "FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') "
            "UNION ALL SELECT 'policy', polrelid::regclass || ' ' || polname, polroles::regrole[]::text, "
            "  polpermissive, polwithcheck IS NOT NULL, ARRAY[pg_get_expr(polqual, polrelid)] FROM pg_policy "
            "UNION ALL SELECT 'function', p.oid::regprocedure::text, proowner::regrole::text, prosecdef, false, "
            "  (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(proacl) acl) "
            "FROM pg_proc p WHERE pronamespace IN ('public'::regnamespace, 'lookup'::regnamespace) "
            "UNION ALL SELECT 'trigger', tgrelid::regclass || ' ' || tgname, '', true, true, NULL FROM pg_trigger "
            "  WHERE NOT tgisinternal "
            "UNION ALL SELECT 'schema', nspname::text, nspowner::regrole::text, true, true, "
            "  (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(nspacl) acl) "
            "FROM pg_namespace WHERE nspname IN ('public', 'lookup') ORDER BY 1, 2"
        ).fetchall()


def test_a_restored_dump_is_in_force_again_with_its_log_its_roles_and_its_protection(
    copy: Production,
    organization: dict[str, Any],
    api: httpx.Client,
    agreed: Callable[[dict[str, str]], bool],
    tmp_path: Path,
) -> None:
    (_, kept), (key, revoked_later) = new_key(organization, api), new_key(organization, api)
    assert agreed({kept: "VALID", revoked_later: "VALID"})
    dump = tmp_path / "licet.dump"
    run(copy, DUMP, f"--file={dump}", **role(copy, "licet_sweep"))
    log, protection = audited(copy), catalogue(copy)
    assert api.post(f"/v1/keys/{key}/revocation", json={}).is_success
    _, newer = new_key(organization, api)
    assert agreed({kept: "VALID", revoked_later: "KEY_REVOKED", newer: "VALID"})

    # The page stops all that writes. Here only what goes through PostgreSQL by itself: the relay would forestall the
    # command, and the drain ends where its tables are gone. The web process must find its way back by itself.
    for service in ("relay", "drain"):
        copy.ask_to_stop(service)
        copy.processes[service].wait(timeout=copy.services[service].grace_seconds)
    copy.postgres("dropdb", "--force", "licet")
    copy.postgres("psql", "--no-psqlrc", "-f", str(CLONE / "docker" / "postgres" / "database.sql"), "postgres")
    run(copy, RESTORE, str(dump), **role(copy, "licet_owner"))
    copy.run("prepare", *copy.services["prepare"].words)
    assert agreed({kept: "VALID", revoked_later: "KEY_REVOKED", newer: "VALID"})  # Redis was not told yet
    assert "facts told anew" in copy.run("web", "python", "manage.py", "republish_all")

    assert agreed({kept: "VALID", revoked_later: "VALID", newer: "NOT_FOUND"})
    assert audited(copy) == log
    assert catalogue(copy) == protection
    copy.wait_until_healthy("web")
    for service in ("relay", "drain"):
        copy.start(service)
    assert api.post(f"/v1/keys/{key}/revocation", json={}).json()["status"] == "revoked"
    assert agreed({kept: "VALID", revoked_later: "KEY_REVOKED"})


def test_what_protects_a_restored_database_is_what_the_catalogue_shows(
    copy: Production, organization: dict[str, Any]
) -> None:
    """So that equal catalogues prove something: a tenant sees its rows alone, and the log is never changed."""
    mine = decode("org", organization["organization"])
    with psycopg.connect(copy.secret("database_url")) as database:
        assert database.execute("SELECT count(*) FROM keys").fetchone() == (0,)
        database.execute("SELECT set_config('app.organization', %s, true)", [str(mine)])
        assert database.execute("SELECT count(*) > 0 FROM keys").fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("DELETE FROM audit_entries")
    assert {row[3:5] for row in catalogue(copy) if row[0] == "table" and row[1] == "keys"} == {(True, True)}


@pytest.mark.parametrize("command", [DUMP, RESTORE, "manage.py republish_all", "dropdb --force", "database.sql"])
def test_the_page_tells_the_commands_that_are_tried_here(command: str) -> None:
    assert command in PAGE.read_text()
