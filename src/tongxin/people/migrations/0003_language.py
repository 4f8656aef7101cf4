"""The language that a member is written to in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0002_append_only")]

    operations = [
        migrations.AddField(
            "customer", "language", models.CharField(blank=True, db_default="", default="", max_length=2)
        ),
        migrations.AddConstraint(
            "customer",
            models.CheckConstraint(
                condition=models.Q(language__in=["", "zh", "en"]), name="customer_language"
            ),
        ),
    ]
