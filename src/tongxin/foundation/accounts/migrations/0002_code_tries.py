"""Tries of a code that is its own proof are counted as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="proof",
            field=models.CharField(
                choices=[
                    ("password", "password"),
                    ("factor", "factor"),
                    ("phone", "phone"),
                    ("device", "device"),
                    ("code", "code"),
                ],
                max_length=16,
            ),
        ),
    ]
