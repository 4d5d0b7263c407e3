"""The database keeps tenants apart by itself: for every tenant table, and only as long as its protection stands."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.test import override_settings
from psycopg import sql

from billing.models import (
    StripeCheckout,
    StripeConnection,
    StripeCustomer,
    StripeEvent,
    StripeSubscription,
    StripeWebhookSecret,
)
from tenants import clock
from tenants.models import Invitation
from tenants.tenancy import tenant_transaction
from tests.licensing.usage.feeding import Feed
from tests.places import Place
from verify.ground.ids import decode, new_uuid
from verify.limits.counted import Code
from verify.limits.log_entry import Unknown, encode_unknown

# Tables without a tenant: Django's and allauth's own, people (who may belong to several tenants), the one epoch, and
# how far the usage log was drained.
WITHOUT_TENANT = {
    *(
        "drained",
        "broken_entries",
        "users",
        "facts_epoch",
        "django_migrations",
        "django_content_type",
        "django_session",
    ),
    *("auth_permission", "auth_group", "auth_group_permissions"),
    *("account_emailaddress", "account_emailconfirmation", "mfa_authenticator", "usersessions_usersession"),
}
TENANT_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1
"""


@contextmanager
def owner(role: str | None = None) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the schema's owner that is always rolled back."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        if role:
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        yield connection
        connection.rollback()


def all_tables() -> set[str]:
    with owner() as connection:
        return {name for (name,) in connection.execute(TENANT_TABLES)}


def tenant_column(table: str) -> str:
    return "id" if table == "organizations" else "organization_id"


def act_for(connection: psycopg.Connection[Any], organization: UUID) -> None:
    connection.execute(sql.SQL("SET LOCAL app.organization TO {}").format(str(organization)))


def any_row(connection: psycopg.Connection[Any], table: str, organization: UUID) -> dict[str, Any]:
    act_for(connection, organization)
    column = sql.Identifier(tenant_column(table))
    found = connection.execute(
        sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE {} = %s LIMIT 1").format(sql.Identifier(table), column),
        [organization],
    ).fetchone()
    assert found, f"no row of {table} to try: make one in `furnished`"
    row: dict[str, Any] = found[0]
    return row


def count(connection: psycopg.Connection[Any], statement: str, table: str, organization: UUID) -> int:
    """How many rows of that organization the statement touches; 0 where it is not permitted at all."""
    column = sql.Identifier(tenant_column(table))
    query = sql.SQL(statement).format(table=sql.Identifier(table), column=column)
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(query, [organization]).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0
    except psycopg.errors.IntegrityError:
        return 1  # it reached the row, and only a foreign key or a trigger held it


def insertable(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> int:
    query = sql.SQL("INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)").format(
        table=sql.Identifier(table)
    )
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(query, [json.dumps(row)]).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0
    except psycopg.errors.IntegrityError:
        return 1  # row-level security let it through; a constraint did not


def reached(connection: psycopg.Connection[Any], table: str, mine: UUID, others: UUID) -> list[str]:
    """What A can do to B's rows of a table as `licet_app`; nothing, if all is well."""
    theirs = any_row(connection, table, others)
    own = any_row(connection, table, mine)
    connection.execute("SET LOCAL ROLE licet_app")
    act_for(connection, mine)
    moved = own | {tenant_column(table): str(others)}
    tried = {
        "select": count(connection, "SELECT 1 FROM {table} WHERE {column} = %s", table, others),
        "update": count(connection, "UPDATE {table} SET {column} = {column} WHERE {column} = %s", table, others),
        "delete": count(connection, "DELETE FROM {table} WHERE {column} = %s", table, others),
        "insert theirs": insertable(connection, table, theirs),
        "insert mine as theirs": insertable(connection, table, moved),
    }
    return [name for name, touched in tried.items() if touched]


METER = {"code": "calls", "name": "Calls", "aggregation": "sum"}
SEQUENCER = 0x11CE8
# The application may not even insert there: that is the sequencer's, and the drain's.
ONLY_READ = {
    *("audit_chain", "audit_heads", "decisions", "ledger", "usage_seen", "usage_hours", "usage_days", "key_uses"),
    "unknown_keys",
}


def invite(place: Place) -> None:
    now, organization = clock.now(), place.environment.organization_id
    with tenant_transaction(organization):
        Invitation(
            organization_id=organization,
            email="guest@example.com",
            role="viewer",
            token_digest=os.urandom(32),
            expires_at=now,
            created_at=now,
        ).insert()


def use(place: Place) -> None:
    """A row in every table that the drain writes."""
    feed = Feed(place, clock.milliseconds(clock.now()) or 0)
    environment = place.environment.public_id
    with override_settings(LICET_COUNTER_SHARDS=feed.total):
        feed.tell([(feed.call(), Code.ADMITTED)])
        feed.put({"unknown": encode_unknown([Unknown(new_uuid().bytes, environment, feed.base_ms, 1)])})
        feed.drain().tick()


def buy(place: Place) -> None:
    """A row in every table of billing."""
    now, environment = clock.now(), place.environment
    whose = {"organization_id": environment.organization_id, "environment_id": environment.id}
    with tenant_transaction(environment.organization_id):
        connection = StripeConnection(
            **whose, livemode=False, sealed_api_key=b"x", webhook_status="enabled", disconnected_at=now, created_at=now
        ).insert()
        StripeWebhookSecret(**whose, connection=connection, sealed=b"x", valid_from=now).insert()
        told = {"event_id": "evt_1", "type": "customer.updated", "verdict": "accepted", "body": b""}
        StripeEvent(**whose, connection=connection, happened_at=now, received_at=now, **told).insert()
        customer = StripeCustomer(**whose, connection=connection, stripe_id="cus_1").insert()
        session = {"plan_id": decode("plan", place.sample["plan"]), "session_id": "cs_1", "success_url": ""}
        StripeCheckout(**whose, connection=connection, created_at=now, **session).insert()
        bought = {"stripe_id": "sub_1", "status": "active", "seen": {}}
        StripeSubscription(**whose, connection=connection, stripe_customer=customer, **bought).insert()


def until_chained(place: Place) -> None:
    patience_ends = time.monotonic() + 20
    while place.api.get("/v1/audit_log?limit=1").json()["data"][0]["hash"] is None:
        assert time.monotonic() < patience_ends
        time.sleep(0.02)


@pytest.fixture
def furnished(new_place: Callable[[], Place]) -> Iterator[tuple[UUID, UUID]]:
    """Two tenants with a row in every tenant table."""
    places = new_place(), new_place()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as lock:
        for place in places:
            place.post("audit_log/verification", status=202)
            place.api.post("/v1/meters", json=METER, headers={"Idempotency-Key": "once"}).raise_for_status()
            invite(place)
            use(place)
            buy(place)
            until_chained(place)
        lock.execute("SELECT pg_advisory_lock(%s)", [SEQUENCER])  # what waits to be chained goes on waiting
        for place in places:
            place.post(f"licenses/{place.sample['license']}/suspension", status=200)
        yield places[0].environment.organization_id, places[1].environment.organization_id


def test_every_table_is_a_tenants_and_protected_or_known_to_have_none() -> None:
    with owner() as connection:
        protected = {
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class c WHERE relrowsecurity AND relforcerowsecurity AND EXISTS "
                "(SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND polname = 'tenant' AND polwithcheck IS NOT NULL)"
            )
        }
    assert all_tables() - WITHOUT_TENANT == protected


def test_a_new_table_without_a_policy_fails_the_test_above() -> None:
    with owner() as connection:
        connection.execute("CREATE TABLE forgotten (organization_id uuid)")
        found = {name for (name,) in connection.execute(TENANT_TABLES)}
    assert "forgotten" in found - WITHOUT_TENANT


def test_a_tenant_reads_and_writes_nothing_of_another(furnished: tuple[UUID, UUID]) -> None:
    mine, others = furnished
    for table in sorted(all_tables() - WITHOUT_TENANT):
        with owner() as connection:
            assert reached(connection, table, mine, others) == [], table


def test_the_same_probe_goes_red_when_the_protection_is_dropped(furnished: tuple[UUID, UUID]) -> None:
    mine, others = furnished
    for table in sorted(all_tables() - WITHOUT_TENANT):
        with owner() as connection:
            name = sql.Identifier(table)
            connection.execute(sql.SQL("DROP POLICY tenant ON {}").format(name))
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(name))
            found = {"select"} if table in ONLY_READ else {"select", "insert theirs"}
            assert found <= set(reached(connection, table, mine, others)), table


def test_without_a_tenant_there_is_nothing_to_see(furnished: tuple[UUID, UUID]) -> None:
    for table in sorted(all_tables() - WITHOUT_TENANT):
        with owner("licet_app") as connection:
            rows = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            assert rows == (0,), table


def test_a_reference_to_another_tenants_row_is_refused_by_the_database(new_place: Callable[[], Place]) -> None:
    mine, others = new_place(), new_place()
    with owner("licet_app") as connection:
        row = any_row(connection, "licenses", mine.environment.organization_id)
        act_for(connection, others.environment.organization_id)
        theirs = any_row(connection, "customers", others.environment.organization_id)
        act_for(connection, mine.environment.organization_id)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("UPDATE licenses SET customer_id = %s WHERE id = %s", [theirs["id"], row["id"]])


def test_every_tenant_table_is_found_by_an_index_that_leads_with_the_organization() -> None:
    with owner() as connection:
        led = {
            name
            for (name,) in connection.execute(
                "SELECT DISTINCT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
                "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] "
                "WHERE a.attname = 'organization_id' OR (c.relname = 'organizations' AND a.attname = 'id')"
            )
        }
    assert all_tables() - WITHOUT_TENANT - led == set()


def test_the_application_can_neither_truncate_nor_own_nor_pass_security() -> None:
    with owner() as connection:
        assert connection.execute(
            "SELECT count(*) FROM information_schema.role_table_grants "
            "WHERE grantee IN ('licet_app', 'licet_sweep') AND privilege_type IN ('TRUNCATE', 'TRIGGER', 'REFERENCES')"
        ).fetchone() == (0,)
        assert (
            connection.execute(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, "
                "EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) FROM pg_roles r WHERE rolname = 'licet_app'"
            ).fetchone()
            == (False,) * 5
        )


def test_only_the_lookup_functions_and_those_for_partitions_run_with_anothers_rights() -> None:
    with owner() as connection:
        definers = connection.execute(
            "SELECT p.proname, pg_get_userbyid(p.proowner) FROM pg_proc p "
            "JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
        may_call = connection.execute(
            "SELECT DISTINCT grantee FROM information_schema.routine_privileges WHERE routine_name LIKE 'usage\\_%'"
        ).fetchall()
    lookup = [(name, "licet_lookup") for name in ("invitation", "memberships", "secret_key", "stripe_connection")]
    partitions = [f"usage_{name}" for name in ("add_partition", "drop_partition", "forget_others", "partitions")]
    assert definers == sorted([*lookup, *((name, "licet_owner") for name in partitions)])
    assert {grantee for (grantee,) in may_call} <= {"licet_owner", "licet_sweep"}
