"""Rotated keys stay with their tenant; the newer terms of a plan version are as immutable as the older ones."""

from django.db import migrations

from tenants.models.row_level_security import refer, refuse

TERMS = [
    *("rate_limits", "quotas", "max_devices", "device_policy", "token_ttl_seconds", "refresh_ttl_seconds"),
    *("rotate_every_days", "stripe_price_ids"),
]


class Migration(migrations.Migration):
    dependencies = [("licensing", "0003_management_api"), ("tenants", "0004_management_api_security")]

    operations = [
        refer("keys", "rotated_from_id", "keys"),
        refuse(
            "plan_versions",
            "plan_versions_limits_immutable",
            when=" OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in TERMS),
            sentence="A plan version is never changed.",
            events="UPDATE",
        ),
    ]
