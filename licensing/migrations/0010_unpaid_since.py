from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0009_seats"),
    ]

    operations = [
        migrations.AddField(
            model_name="license",
            name="unpaid_since",
            field=models.DateTimeField(null=True),
        ),
    ]
