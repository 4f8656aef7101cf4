"""Two small indexes of the book: of rows that name a device, and of when rows were known, for the nightly copy."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0003_language")]

    operations = [
        migrations.AddIndex(
            model_name="deed",
            index=models.Index(
                condition=models.Q(("device", ""), _negated=True),
                fields=["device", "person"],
                name="deed_by_device",
            ),
        ),
        migrations.AddIndex(
            model_name="deed",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["known_at"], name="deed_by_known"),
        ),
    ]
