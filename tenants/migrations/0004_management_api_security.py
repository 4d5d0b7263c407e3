"""Row-level security of what the management API added; the audit chain that only its sequencer writes; invitations
found by what a stranger presents."""

from django.db import migrations

from tenants.models.row_level_security import protect, refuse

TABLES = ("audit_waiting", "audit_chain", "audit_heads", "events", "idempotent_answers", "invitations", "jobs")

CHAIN = """
CREATE FUNCTION audit_entries_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (organization_id, entry_id, transaction_id)
    VALUES (NEW.organization_id, NEW.id, pg_current_xact_id()::text::bigint);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_entries_wait AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_wait();
REVOKE UPDATE, DELETE ON audit_waiting FROM licet_app;
REVOKE INSERT, UPDATE, DELETE ON audit_chain, audit_heads FROM licet_app;
REVOKE UPDATE, DELETE ON audit_chain FROM licet_sweep;
REVOKE DELETE ON audit_heads FROM licet_sweep;
REVOKE UPDATE, DELETE ON events FROM licet_app;
CREATE SEQUENCE events_position;
"""
# The owner itself is subject to a forced policy, and must see every tenant's earlier entries once.
EARLIER = """
ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY;
INSERT INTO audit_waiting (organization_id, entry_id, transaction_id) SELECT organization_id, id, 0 FROM audit_entries;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
"""
NO_CHAIN = """
DROP SEQUENCE events_position;
DROP TRIGGER audit_entries_wait ON audit_entries;
DROP FUNCTION audit_entries_wait();
"""

LOOKUP = """
GRANT SELECT (id, organization_id, email, role, token_digest, expires_at, accepted_at, revoked_at)
    ON invitations TO licet_lookup;
CREATE POLICY lookup ON invitations FOR SELECT TO licet_lookup USING (true);
SET LOCAL ROLE licet_lookup;
CREATE FUNCTION lookup.invitation(presented bytea)
RETURNS TABLE (id uuid, organization_id uuid, organization_name text, email text, role text, expires_at timestamptz,
               accepted_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT invitation.id, invitation.organization_id, organization.name::text, invitation.email::text,
           invitation.role::text, invitation.expires_at, invitation.accepted_at, invitation.revoked_at
    FROM public.invitations AS invitation JOIN public.organizations AS organization
        ON organization.id = invitation.organization_id
    WHERE invitation.token_digest = presented
$$;
REVOKE ALL ON FUNCTION lookup.invitation(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup.invitation(bytea) TO licet_app;
RESET ROLE;
"""
NO_LOOKUP = """
DROP FUNCTION lookup.invitation(bytea);
DROP POLICY lookup ON invitations;
REVOKE ALL ON invitations FROM licet_lookup;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_management_api")]

    operations = [
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
        *(protect(table) for table in TABLES),
        refuse(
            "invitations",
            "invitations_stay_closed",
            when="(OLD.accepted_at IS NOT NULL AND NEW.accepted_at IS DISTINCT FROM OLD.accepted_at) "
            "OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)",
            sentence="An invitation is accepted or revoked once.",
            events="UPDATE",
        ),
        migrations.RunSQL(CHAIN, NO_CHAIN),
        migrations.RunSQL(LOOKUP, NO_LOOKUP),
    ]
