import django.db.models.deletion
from django.db import migrations, models

import licensing.models.within
import verify.ground.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("licensing", "0008_billing"),
    ]

    operations = [
        migrations.CreateModel(
            name="StripeConnection",
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
                ("account", models.CharField(max_length=64, null=True)),
                ("livemode", models.BooleanField()),
                ("sealed_api_key", models.BinaryField(null=True)),
                ("key_last4", models.CharField(max_length=4)),
                (
                    "key_status",
                    models.CharField(
                        choices=[("accepted", "accepted"), ("refused", "refused")], default="accepted", max_length=8
                    ),
                ),
                ("api_version", models.CharField(max_length=32)),
                ("endpoint_id", models.CharField(max_length=64, null=True)),
                (
                    "webhook_status",
                    models.CharField(
                        choices=[("enabled", "enabled"), ("needs_secret", "needs_secret"), ("disabled", "disabled")],
                        max_length=12,
                    ),
                ),
                ("swept_until", models.DateTimeField(null=True)),
                ("swept_at", models.DateTimeField(null=True)),
                ("compared_at", models.DateTimeField(null=True)),
                ("disconnected_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "stripe connection",
                "db_table": "stripe_connections",
                "constraints": [
                    models.UniqueConstraint(fields=("organization_id", "id"), name="stripe_connections_tenant_key"),
                    models.UniqueConstraint(
                        condition=models.Q(("disconnected_at__isnull", True)),
                        fields=("organization_id", "environment_id"),
                        name="stripe_connections_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("disconnected_at__isnull", False), ("sealed_api_key__isnull", False), _connector="OR"
                        ),
                        name="stripe_connections_have_a_key",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeCustomer",
            fields=[
                ("organization_id", models.UUIDField(editable=False)),
                ("environment_id", models.UUIDField(editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=verify.ground.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stripe_id", models.CharField(max_length=255)),
                ("gone", models.BooleanField(default=False)),
                ("sync_requested", models.BigIntegerField(default=0)),
                ("sync_done", models.BigIntegerField(default=0)),
                ("healing", models.BooleanField(default=False)),
                ("waiting_since", models.DateTimeField(null=True)),
                ("requested_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("fence", models.BigIntegerField(default=0)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=500)),
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
            ],
            options={
                "db_table": "stripe_customers",
            },
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                ("organization_id", models.UUIDField(editable=False)),
                ("environment_id", models.UUIDField(editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=verify.ground.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event_id", models.CharField(max_length=255)),
                ("type", models.CharField(max_length=128)),
                ("stripe_customer", models.CharField(max_length=255, null=True)),
                (
                    "verdict",
                    models.CharField(choices=[("accepted", "accepted"), ("quarantined", "quarantined")], max_length=11),
                ),
                ("happened_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("body", models.BinaryField()),
                (
                    "connection",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.stripeconnection",
                    ),
                ),
            ],
            options={
                "db_table": "stripe_events",
            },
        ),
        migrations.CreateModel(
            name="StripeSubscription",
            fields=[
                ("organization_id", models.UUIDField(editable=False)),
                ("environment_id", models.UUIDField(editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=verify.ground.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stripe_id", models.CharField(max_length=255)),
                ("status", models.CharField(max_length=32)),
                ("seen", models.JSONField()),
                ("drift", models.CharField(max_length=32, null=True)),
                ("looks_again_at", models.DateTimeField(null=True)),
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
                    "license",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="licensing.license",
                    ),
                ),
                (
                    "stripe_customer",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.stripecustomer",
                    ),
                ),
            ],
            options={
                "db_table": "stripe_subscriptions",
            },
        ),
        migrations.CreateModel(
            name="StripeWebhookSecret",
            fields=[
                ("organization_id", models.UUIDField(editable=False)),
                ("environment_id", models.UUIDField(editable=False)),
                (
                    "id",
                    models.UUIDField(
                        default=verify.ground.ids.new_uuid, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("valid_from", models.DateTimeField()),
                ("valid_to", models.DateTimeField(null=True)),
                (
                    "connection",
                    licensing.models.within.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.stripeconnection",
                    ),
                ),
            ],
            options={
                "db_table": "stripe_webhook_secrets",
            },
        ),
        migrations.AddIndex(
            model_name="stripecustomer",
            index=models.Index(
                condition=models.Q(("sync_requested__gt", models.F("sync_done"))),
                fields=["waiting_since"],
                name="stripe_customers_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="stripecustomer",
            constraint=models.UniqueConstraint(fields=("organization_id", "id"), name="stripe_customers_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="stripecustomer",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "connection", "stripe_id"), name="stripe_customers_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stripecustomer",
            constraint=models.CheckConstraint(
                condition=models.Q(("sync_done__lte", models.F("sync_requested"))),
                name="stripe_customers_served_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(
                fields=["organization_id", "connection", "-received_at"], name="stripe_events_newest_first"
            ),
        ),
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(fields=["received_at"], name="stripe_events_by_age"),
        ),
        migrations.AddConstraint(
            model_name="stripeevent",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "connection", "event_id"), name="stripe_events_once"
            ),
        ),
        migrations.AddIndex(
            model_name="stripesubscription",
            index=models.Index(fields=["organization_id", "stripe_customer"], name="stripe_subscriptions_of_cus"),
        ),
        migrations.AddIndex(
            model_name="stripesubscription",
            index=models.Index(
                condition=models.Q(("looks_again_at__isnull", False)),
                fields=["looks_again_at"],
                name="stripe_subscriptions_coming",
            ),
        ),
        migrations.AddIndex(
            model_name="stripesubscription",
            index=models.Index(
                condition=models.Q(("drift__isnull", False)),
                fields=["organization_id", "connection"],
                name="stripe_subscriptions_drifted",
            ),
        ),
        migrations.AddConstraint(
            model_name="stripesubscription",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "connection", "stripe_id"), name="stripe_subscriptions_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stripesubscription",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "license"), name="stripe_subscriptions_license_once"
            ),
        ),
        migrations.AddIndex(
            model_name="stripewebhooksecret",
            index=models.Index(fields=["organization_id", "connection"], name="stripe_secrets_of_connection"),
        ),
    ]
