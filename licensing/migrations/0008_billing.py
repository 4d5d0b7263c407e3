from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0007_usage_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="license",
            name="billing_reason",
            field=models.CharField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="billing_state",
            field=models.CharField(max_length=9, null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="grace_ends_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="managed_by",
            field=models.CharField(max_length=16, null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="paid_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="period_anchor",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="period_count",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="period_unit",
            field=models.CharField(max_length=5, null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="told_status",
            field=models.CharField(max_length=9, null=True),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(
                condition=models.Q(("billing_state", "grace")),
                fields=["grace_ends_at", "id"],
                name="licenses_grace_ending",
            ),
        ),
        migrations.AddConstraint(
            model_name="license",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("billing_state__isnull", True), ("managed_by__isnull", True)),
                    models.Q(
                        ("billing_state__in", ["pending", "active", "grace", "suspended", "ended"]),
                        ("managed_by", "stripe"),
                    ),
                    _connector="OR",
                ),
                name="licenses_billing_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="license",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("billing_state", "grace"), _negated=True),
                    ("grace_ends_at__isnull", False),
                    _connector="OR",
                ),
                name="licenses_grace_ends",
            ),
        ),
    ]
