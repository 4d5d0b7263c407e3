from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0011_key_ends"),
    ]

    operations = [
        migrations.AddField(
            model_name="key",
            name="counts_as",
            field=models.UUIDField(null=True),
        ),
    ]
