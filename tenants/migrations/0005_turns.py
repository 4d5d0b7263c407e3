"""Whatever is put in order takes its turn as its transaction commits; a job counts how often it was begun."""

from django.db import migrations, models

from tenants.models.row_level_security import protect, refer

# Deferred: a turn is drawn by COMMIT, so of two transactions the one that had ended before the other's COMMIT began
# has the lower number.
TURNS = """
CREATE SEQUENCE commit_turns;
DROP TRIGGER audit_entries_wait ON audit_entries;
DROP FUNCTION audit_entries_wait();
CREATE FUNCTION audit_entries_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (organization_id, entry_id, turn)
    VALUES (NEW.organization_id, NEW.id, nextval('commit_turns'));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_entries_wait AFTER INSERT ON audit_entries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_entries_wait();
CREATE FUNCTION events_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events_waiting (organization_id, event_id, turn)
    VALUES (NEW.organization_id, NEW.id, nextval('commit_turns'));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER events_wait AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION events_wait();
REVOKE UPDATE, DELETE ON events_waiting FROM licet_app;
"""
# The owner itself is subject to a forced policy, and must see every tenant's rows once.
EARLIER = """
ALTER TABLE audit_waiting NO FORCE ROW LEVEL SECURITY;
UPDATE audit_waiting SET turn = 0;
ALTER TABLE audit_waiting FORCE ROW LEVEL SECURITY;
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
INSERT INTO events_waiting (organization_id, event_id, turn)
    SELECT organization_id, id, 0 FROM events WHERE position IS NULL;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
"""
NO_TURNS = """
DROP TRIGGER events_wait ON events;
DROP FUNCTION events_wait();
DROP TRIGGER audit_entries_wait ON audit_entries;
DROP FUNCTION audit_entries_wait();
DROP SEQUENCE commit_turns;
CREATE FUNCTION audit_entries_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (organization_id, entry_id, transaction_id)
    VALUES (NEW.organization_id, NEW.id, pg_current_xact_id()::text::bigint);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_entries_wait AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_wait();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_management_api_security")]

    operations = [
        # An index and a table cannot have one name.
        migrations.RemoveIndex(model_name="event", name="events_waiting"),
        migrations.CreateModel(
            name="EventWaiting",
            fields=[
                ("organization_id", models.UUIDField(editable=False)),
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("turn", models.BigIntegerField()),
            ],
            options={
                "db_table": "events_waiting",
                "indexes": [
                    models.Index(fields=["organization_id", "turn", "event_id"], name="events_waiting_in_order")
                ],
            },
        ),
        migrations.RemoveIndex(model_name="auditwaiting", name="audit_waiting_of_tenant"),
        migrations.RenameField(model_name="auditwaiting", old_name="transaction_id", new_name="turn"),
        migrations.AddIndex(
            model_name="auditwaiting",
            index=models.Index(fields=["organization_id", "turn", "entry_id"], name="audit_waiting_in_order"),
        ),
        # Read backwards it is newest first, too; and what waits is an entry of the same tenant.
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.UniqueConstraint(fields=["organization_id", "id"], name="audit_entries_tenant_key"),
        ),
        migrations.RemoveIndex(model_name="auditentry", name="audit_entries_newest_first"),
        refer("audit_waiting", "entry_id", "audit_entries"),
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
        protect("events_waiting"),
        migrations.RemoveField(model_name="event", name="transaction_id"),
        migrations.RunSQL(TURNS, NO_TURNS),
        migrations.AddField(model_name="job", name="attempts", field=models.PositiveSmallIntegerField(default=0)),
    ]
