"""Usage: decisions and ledger in partitions by time, what was seen already by the time in its id, and the rollups.

Partitions lie in a schema of their own, which nobody but the owner and the sweeps' role may even name: rows are reached
through the tables alone, whose row-level security then always applies. The drain makes partitions through functions of
the owner's, as it may not change the schema itself.
"""

from django.db import migrations

from tenants.models.row_level_security import protect, refer, refuse

TABLES = """
CREATE SCHEMA partitions;
-- A dump is made by the role that sees all tenants.
GRANT USAGE ON SCHEMA partitions TO licet_sweep;
ALTER DEFAULT PRIVILEGES IN SCHEMA partitions GRANT SELECT ON TABLES TO licet_sweep;

CREATE TABLE decisions (
    organization_id uuid NOT NULL, id uuid NOT NULL, decided_at timestamptz NOT NULL, logged_at timestamptz NOT NULL,
    environment_id uuid NOT NULL, customer_id uuid NOT NULL, license_id uuid NOT NULL, key_id uuid NOT NULL,
    plan_id uuid NOT NULL, plan_version integer NOT NULL, outcome varchar(32) NOT NULL, repeat boolean NOT NULL,
    usage jsonb NOT NULL, features text[] NOT NULL, scopes text[] NOT NULL, revision bigint NOT NULL,
    latency_us integer NOT NULL, ip text, method text, resource text, user_name text, device text, context jsonb NOT NULL,
    PRIMARY KEY (organization_id, id, decided_at)
) PARTITION BY RANGE (decided_at);
CREATE INDEX decisions_of_license ON decisions (organization_id, license_id, decided_at DESC, id DESC);
CREATE INDEX decisions_of_key ON decisions (organization_id, key_id, decided_at DESC, id DESC);
CREATE TABLE partitions.decisions_other PARTITION OF decisions DEFAULT;

CREATE TABLE ledger (
    organization_id uuid NOT NULL, id uuid NOT NULL, meter varchar(64) NOT NULL, decided_at timestamptz NOT NULL,
    logged_at timestamptz NOT NULL, environment_id uuid NOT NULL, customer_id uuid NOT NULL, license_id uuid NOT NULL,
    key_id uuid NOT NULL, plan_version integer NOT NULL, features text[] NOT NULL, charges smallint NOT NULL,
    value numeric(38, 9) NOT NULL,
    PRIMARY KEY (organization_id, id, meter, decided_at)
) PARTITION BY RANGE (decided_at);
CREATE INDEX ledger_of_license ON ledger (organization_id, license_id, meter, decided_at);
CREATE INDEX ledger_logged ON ledger USING brin (logged_at);
CREATE TABLE partitions.ledger_other PARTITION OF ledger DEFAULT;

CREATE TABLE usage_seen (
    organization_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (organization_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE partitions.usage_seen_other PARTITION OF usage_seen DEFAULT;
"""

ROLLUP = """
CREATE TABLE {name} (
    organization_id uuid NOT NULL, starts_at timestamptz NOT NULL, environment_id uuid NOT NULL,
    customer_id uuid NOT NULL, license_id uuid NOT NULL, key_id uuid NOT NULL, meter varchar(64) NOT NULL,
    features text[] NOT NULL, outcome varchar(32) NOT NULL, plan_version integer NOT NULL, charges smallint NOT NULL,
    value numeric(38, 9) NOT NULL, largest numeric(38, 9) NOT NULL, calls bigint NOT NULL,
    PRIMARY KEY (organization_id, starts_at, license_id, key_id, meter, features, outcome, plan_version, charges)
);
CREATE INDEX {name}_of_license ON {name} (organization_id, license_id, meter, starts_at);
CREATE INDEX {name}_of_customer ON {name} (organization_id, customer_id, meter, starts_at);
"""

SMALL = """
CREATE TABLE key_uses (
    organization_id uuid NOT NULL, key_id uuid NOT NULL, last_used_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, key_id)
);
CREATE TABLE unknown_keys (
    organization_id uuid NOT NULL, environment_id uuid NOT NULL, minute timestamptz NOT NULL, times bigint NOT NULL,
    PRIMARY KEY (organization_id, environment_id, minute)
);
CREATE TABLE drained (
    shard integer PRIMARY KEY, last_ms bigint NOT NULL DEFAULT 0, last_seq bigint NOT NULL DEFAULT 0,
    audited_at timestamptz, drifted bigint NOT NULL DEFAULT 0
);
CREATE TABLE broken_entries (
    shard integer NOT NULL, entry varchar(41) NOT NULL, found_at timestamptz NOT NULL, error text NOT NULL,
    fields bytea NOT NULL, PRIMARY KEY (shard, entry)
);
"""

FUNCTIONS = """
CREATE FUNCTION usage_add_partition(parent text, name text, lower text, upper text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF parent NOT IN ('decisions', 'ledger', 'usage_seen') OR name !~ ('^' || parent || '_[0-9]{6,8}$') THEN
        RAISE EXCEPTION 'no partition of %', parent;
    END IF;
    IF to_regclass('partitions.' || name) IS NULL THEN
        EXECUTE format('CREATE TABLE partitions.%I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent, lower, upper);
        RETURN true;
    END IF;
    RETURN false;
EXCEPTION WHEN check_violation THEN
    RETURN false; -- rows of that time lie in the partition for all others, and stay there
END $$;

CREATE FUNCTION usage_drop_partition(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF name !~ '^(decisions|usage_seen)_[0-9]{8}$' THEN
        RAISE EXCEPTION '% stays', name;
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS partitions.%I', name);
END $$;

CREATE FUNCTION usage_forget_others(decided_before timestamptz, seen_before uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM partitions.decisions_other WHERE decided_at < decided_before;
    DELETE FROM partitions.usage_seen_other WHERE id < seen_before;
$$;

CREATE FUNCTION usage_partitions() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'partitions' AND c.relkind = 'r' ORDER BY 1
$$;

REVOKE EXECUTE ON FUNCTION usage_add_partition(text, text, text, text), usage_drop_partition(text),
    usage_forget_others(timestamptz, uuid), usage_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_add_partition(text, text, text, text), usage_drop_partition(text),
    usage_forget_others(timestamptz, uuid), usage_partitions() TO licet_sweep;
"""

TENANT_TABLES = ("decisions", "ledger", "usage_seen", "usage_hours", "usage_days", "key_uses", "unknown_keys")
READ_ONLY = "REVOKE INSERT, UPDATE, DELETE ON {} FROM licet_app;".format(", ".join(TENANT_TABLES))
NOT_A_TENANTS = "REVOKE ALL ON broken_entries FROM licet_app; REVOKE INSERT, UPDATE, DELETE ON drained FROM licet_app;"
APPEND_ONLY = "REVOKE UPDATE, DELETE ON decisions, ledger, usage_seen FROM licet_sweep;"
BACK = """
DROP FUNCTION usage_add_partition(text, text, text, text);
DROP FUNCTION usage_drop_partition(text);
DROP FUNCTION usage_forget_others(timestamptz, uuid);
DROP FUNCTION usage_partitions();
DROP TABLE decisions, ledger, usage_seen, usage_hours, usage_days, key_uses, unknown_keys, drained,
    broken_entries;
DROP SCHEMA partitions;
"""


# The owner itself is subject to a forced policy, and must see every tenant's environments once.
CATALOGS = """
ALTER TABLE environments NO FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_entries NO FORCE ROW LEVEL SECURITY;
INSERT INTO catalogs (id, organization_id, environment_id, created_at, revision)
    SELECT gen_random_uuid(), organization_id, id, now(), nextval('facts_revision') FROM environments;
INSERT INTO outbox_entries (id, organization_id, kind, subject_id, revision, created_at)
    SELECT gen_random_uuid(), organization_id, 'catalog', id, revision, now() FROM catalogs;
ALTER TABLE environments FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_entries FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("licensing", "0006_usage"), ("tenants", "0005_turns")]

    operations = [
        migrations.RunSQL(
            [TABLES, *(ROLLUP.format(name=name) for name in ("usage_hours", "usage_days")), SMALL, FUNCTIONS],
            BACK,
        ),
        migrations.RunSQL(CATALOGS, migrations.RunSQL.noop),
        *(protect(table) for table in (*TENANT_TABLES, "catalogs")),
        refer("catalogs", "environment_id", "environments"),
        migrations.RunSQL([READ_ONLY, NOT_A_TENANTS, APPEND_ONLY], migrations.RunSQL.noop),
        refuse("ledger", "ledger_append_only", when="", sentence="The ledger is only added to."),
    ]
