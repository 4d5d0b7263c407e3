import django.db.models.deletion
from django.db import migrations, models

import licensing.models.within
import verify.ground.ids
from tenants.models.row_level_security import protect, refer


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_security"),
        ("licensing", "0008_billing"),
    ]

    operations = [
        migrations.CreateModel(
            name="StripeCheckout",
            fields=[
                ("organization_id", models.UUIDField(editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=verify.ground.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("environment_id", models.UUIDField(editable=False)),
                ("session_id", models.CharField(max_length=255)),
                ("success_url", models.CharField(max_length=2000)),
                (
                    "connection",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.stripeconnection",
                    ),
                ),
                (
                    "customer",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="licensing.customer",
                    ),
                ),
                (
                    "first_key",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="licensing.key",
                    ),
                ),
                (
                    "plan",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="licensing.plan",
                    ),
                ),
            ],
            options={
                "verbose_name": "checkout session",
                "db_table": "stripe_checkouts",
                "indexes": [
                    models.Index(fields=["organization_id", "environment_id", "-id"], name="stripe_checkouts_newest")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization_id", "connection", "session_id"), name="stripe_checkouts_session_once"
                    )
                ],
            },
        ),
        protect("stripe_checkouts"),
        refer("stripe_checkouts", "environment_id", "environments"),
        refer("stripe_checkouts", "connection_id", "stripe_connections"),
        refer("stripe_checkouts", "plan_id", "plans"),
        refer("stripe_checkouts", "customer_id", "customers"),
        refer("stripe_checkouts", "first_key_id", "keys"),
    ]
