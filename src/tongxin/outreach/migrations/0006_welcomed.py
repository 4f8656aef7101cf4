"""A welcome is a step on the way to us, too. Only the words of a column change: no statement."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0005_wecom")]

    operations = [
        migrations.AlterField(
            model_name="wecomtouch",
            name="kind",
            field=models.CharField(
                choices=[("added", "added"), ("joined", "joined"), ("welcomed", "welcomed")], max_length=10
            ),
        ),
    ]
