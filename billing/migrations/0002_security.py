"""Row-level security and same-tenant references of billing's tables; connections found by what Stripe calls."""

from django.db import migrations

from tenants.models.row_level_security import protect, refer

TABLES = (
    *("stripe_connections", "stripe_webhook_secrets", "stripe_events", "stripe_customers", "stripe_subscriptions"),
)
OF_CONNECTION = ("stripe_webhook_secrets", "stripe_events", "stripe_customers", "stripe_subscriptions")
REFERENCES = (
    *((table, "connection_id", "stripe_connections") for table in OF_CONNECTION),
    ("stripe_customers", "customer_id", "customers"),
    ("stripe_subscriptions", "stripe_customer_id", "stripe_customers"),
    ("stripe_subscriptions", "license_id", "licenses"),
)

LOOKUP = """
GRANT SELECT (id, organization_id, environment_id, disconnected_at) ON stripe_connections TO licet_lookup;
CREATE POLICY lookup ON stripe_connections FOR SELECT TO licet_lookup USING (true);
SET LOCAL ROLE licet_lookup;
CREATE FUNCTION lookup.stripe_connection(presented uuid)
RETURNS TABLE (id uuid, organization_id uuid, environment_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT connection.id, connection.organization_id, connection.environment_id
    FROM public.stripe_connections AS connection
    WHERE connection.id = presented AND connection.disconnected_at IS NULL
$$;
REVOKE ALL ON FUNCTION lookup.stripe_connection(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookup.stripe_connection(uuid) TO licet_app;
RESET ROLE;
"""
NO_LOOKUP = """
DROP FUNCTION lookup.stripe_connection(uuid);
DROP POLICY lookup ON stripe_connections;
REVOKE ALL ON stripe_connections FROM licet_lookup;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("licensing", "0008_billing"), ("tenants", "0005_turns")]

    operations = [
        *(protect(table) for table in TABLES),
        *(refer(table, "environment_id", "environments") for table in TABLES),
        *(refer(*reference) for reference in REFERENCES),
        migrations.RunSQL(LOOKUP, NO_LOOKUP),
    ]
