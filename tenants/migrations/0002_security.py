"""Row-level security of tenancy's tables, the audit log that only grows, the lookup functions, the revision sequence."""

from django.db import migrations

from tenants.models.row_level_security import protect, refer, refuse

LOOKUP = """
GRANT USAGE ON SCHEMA public TO licet_lookup;
GRANT SELECT (id, organization_id, environment_id, digest, scopes, expires_at, revoked_at)
    ON secret_keys TO licet_lookup;
GRANT SELECT (id, organization_id, user_id, role) ON members TO licet_lookup;
GRANT SELECT (id, name) ON organizations TO licet_lookup;
CREATE POLICY lookup ON secret_keys FOR SELECT TO licet_lookup USING (true);
CREATE POLICY lookup ON members FOR SELECT TO licet_lookup USING (true);
CREATE POLICY lookup ON organizations FOR SELECT TO licet_lookup USING (true);

SET LOCAL ROLE licet_lookup;

CREATE FUNCTION lookup.secret_key(presented bytea)
RETURNS TABLE (id uuid, organization_id uuid, environment_id uuid, scopes text[], expires_at timestamptz,
               revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT key.id, key.organization_id, key.environment_id, key.scopes::text[], key.expires_at, key.revoked_at
    FROM public.secret_keys AS key WHERE key.digest = presented
$$;

CREATE FUNCTION lookup.memberships(signed_in bigint)
RETURNS TABLE (member_id uuid, organization_id uuid, organization_name text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT member.id, member.organization_id, organization.name::text, member.role::text
    FROM public.members AS member JOIN public.organizations AS organization
        ON organization.id = member.organization_id
    WHERE member.user_id = signed_in ORDER BY member.id
$$;

REVOKE ALL ON FUNCTION lookup.secret_key(bytea), lookup.memberships(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup.secret_key(bytea), lookup.memberships(bigint) TO licet_app;
RESET ROLE;
"""

NO_LOOKUP = """
DROP FUNCTION lookup.secret_key(bytea), lookup.memberships(bigint);
DROP POLICY lookup ON secret_keys;
DROP POLICY lookup ON members;
DROP POLICY lookup ON organizations;
REVOKE ALL ON secret_keys, members, organizations FROM licet_lookup;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        protect("organizations", "id"),
        protect("environments"),
        protect("members"),
        protect("secret_keys"),
        protect("audit_entries"),
        protect("outbox_entries"),
        refer("secret_keys", "environment_id", "environments"),
        refuse("audit_entries", "audit_entries_only_grow", when="", sentence="The audit log is never changed."),
        refuse(
            "secret_keys",
            "secret_keys_stay_revoked",
            when="OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at",
            sentence="What was revoked stays revoked.",
            events="UPDATE",
        ),
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE ON audit_entries FROM licet_app, licet_sweep;",
            "GRANT UPDATE, DELETE ON audit_entries TO licet_app, licet_sweep;",
        ),
        migrations.RunSQL(
            """
            CREATE SEQUENCE facts_revision;
            INSERT INTO facts_epoch (id, epoch, noted_revision, store_run) VALUES (1, 1, 0, '');
            REVOKE INSERT, UPDATE, DELETE ON facts_epoch FROM licet_app;
            """,
            "DROP SEQUENCE facts_revision; DELETE FROM facts_epoch;",
        ),
        migrations.RunSQL(LOOKUP, NO_LOOKUP),
    ]
