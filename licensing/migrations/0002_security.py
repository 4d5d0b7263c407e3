"""Row-level security and same-tenant references of licensing's tables; moves that the database refuses."""

from django.db import migrations

from tenants.models.row_level_security import protect, refer, refuse

TABLES = ("products", "features", "meters", "plans", "plan_versions", "customers", "licenses", "keys")
REFERENCES = (
    ("plans", "product_id", "products"),
    ("plan_versions", "plan_id", "plans"),
    ("licenses", "customer_id", "customers"),
    ("licenses", "plan_id", "plans"),
    ("keys", "license_id", "licenses"),
)
STAYS_REVOKED = "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at"
TERMS = ["features", "scopes", "duration_days", "trial_days", "grace_days", "version", "plan_id"]
CHANGED_TERMS = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in TERMS)


class Migration(migrations.Migration):
    dependencies = [("licensing", "0001_initial"), ("tenants", "0002_security")]

    operations = [
        *(protect(table) for table in TABLES),
        *(refer(table, "environment_id", "environments") for table in TABLES),
        *(refer(*reference) for reference in REFERENCES),
        refuse(
            "licenses",
            "licenses_stay_revoked",
            when=STAYS_REVOKED,
            sentence="What was revoked stays revoked.",
            events="UPDATE",
        ),
        refuse(
            "keys", "keys_stay_revoked", when=STAYS_REVOKED, sentence="What was revoked stays revoked.", events="UPDATE"
        ),
        refuse(
            "plan_versions",
            "plan_versions_immutable",
            when=CHANGED_TERMS,
            sentence="A plan version is never changed.",
            events="UPDATE",
        ),
    ]
