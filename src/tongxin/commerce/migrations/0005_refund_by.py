"""Who ordered a fee back: above a limit somebody else hands it out. What came of a sponsored event cannot be emptied out either."""

from django.db import migrations, models

from tongxin.foundation.append_only import never_emptied


class Migration(migrations.Migration):
    dependencies = [("commerce", "0004_books_closed")]

    operations = [
        migrations.AddField(
            "promise", "refund_by", models.CharField(blank=True, db_default="", default="", max_length=80)
        ),
        never_emptied("commerce_outcome"),
    ]
