"""Migration operations that give a tenant table its database-side protection.

A table with tenant data gets FORCE row-level security and one policy on its organization. The policy is a plain
expression (no sub-select), so that the table could be distributed; `nullif` is needed because after a
transaction with SET LOCAL the setting reads as '' and not as NULL.
"""

from django.db.migrations import RunSQL

TENANT = "nullif(current_setting('app.organization', true), '')::uuid"


def protect(table: str, column: str = "organization_id") -> RunSQL:
    """Rows of `table` are seen and written only within the organization that `tenant_transaction` named."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} USING ({column} = {TENANT}) WITH CHECK ({column} = {TENANT});
        """,
        f"""
        DROP POLICY tenant ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def refer(table: str, column: str, to: str) -> RunSQL:
    """A foreign key that holds the organization too: a row can only point at a row of its own tenant."""
    name = f"{table}_{column}_same_tenant"
    return RunSQL(
        f"""
        ALTER TABLE {table} ADD CONSTRAINT {name}
        FOREIGN KEY (organization_id, {column}) REFERENCES {to} (organization_id, id) DEFERRABLE INITIALLY DEFERRED
        """,
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def refuse(table: str, name: str, *, when: str, sentence: str, events: str = "UPDATE OR DELETE") -> RunSQL:
    """A trigger that refuses what no code may do, whoever asks: `when` is a condition over OLD and NEW."""
    condition = f"WHEN ({when})" if when else ""
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation'; END $$;
        CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )
