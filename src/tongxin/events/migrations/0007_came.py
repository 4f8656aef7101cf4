"""Who waited came to the door; a draw's entrants are tidied; who set the price of an event."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0006_changed_at")]

    operations = [
        migrations.AddField("lottery", "tidied_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "occurrence", "priced_by", models.CharField(blank=True, db_default="", default="", max_length=80)
        ),
        migrations.AlterField(
            model_name="waitline",
            name="note",
            field=models.CharField(
                choices=[
                    ("offered", "offered"),
                    ("accepted", "accepted"),
                    ("declined", "declined"),
                    ("lapsed", "lapsed"),
                    ("party_too_big", "party_too_big"),
                    ("not_entitled", "not_entitled"),
                    ("out_of_turn", "out_of_turn"),
                    ("left", "left"),
                    ("came", "came"),
                ],
                max_length=16,
            ),
        ),
    ]
