from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0010_unpaid_since"),
    ]

    operations = [
        migrations.AddField(
            model_name="key",
            name="handed_on_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="key",
            name="own_expires_at",
            field=models.DateTimeField(null=True),
        ),
    ]
