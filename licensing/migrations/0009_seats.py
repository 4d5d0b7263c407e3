from django.db import migrations, models

from tenants.models.row_level_security import refuse


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0008_billing"),
    ]

    operations = [
        migrations.AddField(
            model_name="license",
            name="over_limit_ends_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="over_limit_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="license",
            name="over_limit_told",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="plan",
            name="seats_looked_at",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="planversion",
            name="over_limit_days",
            field=models.PositiveIntegerField(db_default=14, default=14, null=True),
        ),
        migrations.AddField(
            model_name="planversion",
            name="seat_policy",
            field=models.CharField(
                choices=[("none", "none"), ("key", "key"), ("user", "user")],
                db_default="none",
                default="none",
                max_length=4,
            ),
        ),
        migrations.AddIndex(
            model_name="license",
            index=models.Index(
                condition=models.Q(("over_limit_since__isnull", False)), fields=["id"], name="licenses_over_limit"
            ),
        ),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(
                condition=models.Q(("seats_looked_at__isnull", False)), fields=["id"], name="plans_seats_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="license",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("over_limit_since__isnull", False),
                    models.Q(("over_limit_ends_at__isnull", True), ("over_limit_told", False)),
                    _connector="OR",
                ),
                name="licenses_over_limit_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("seat_policy__in", ("none", "key", "user"))), name="plan_versions_seat_policy_known"
            ),
        ),
        refuse(
            "plan_versions",
            "plan_versions_seats_immutable",
            when="NEW.seat_policy IS DISTINCT FROM OLD.seat_policy"
            " OR NEW.over_limit_days IS DISTINCT FROM OLD.over_limit_days",
            sentence="A plan version is never changed.",
            events="UPDATE",
        ),
    ]
