from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stores", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="staff", name="left_at", field=models.DateTimeField(null=True)
        ),
        # Who had left before this was written down counts from now: ninety days at most are added.
        migrations.RunSQL(
            "UPDATE stores_staff SET left_at = now() WHERE NOT active", migrations.RunSQL.noop
        ),
    ]
