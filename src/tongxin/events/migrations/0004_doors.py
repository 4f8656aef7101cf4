"""Searches at a door are counted; a walk-in may find the event full."""

from django.db import migrations, models

WHY = [
    (word, word)
    for word in (
        "ok",
        "already",
        "invalid",
        "other_event",
        "cancelled",
        "not_confirmed",
        "outside_window",
        "full",
        "door_closed",
        "annulled",
    )
]


class Migration(migrations.Migration):
    dependencies = [("events", "0003_series")]
    operations = [
        migrations.AddField("door", "asked", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("door", "asked_at", models.DateTimeField(null=True)),
        migrations.AlterField("scan", "did_why", models.CharField(choices=WHY, max_length=16)),
        migrations.AlterField("scan", "server_why", models.CharField(choices=WHY, max_length=16)),
    ]
