"""A plan can hang on a subject of an upper room; what a recalled kit holds back has a reason of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0002_append_only'),
        ('stores', '0002_staff_left'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='about_key',
            field=models.CharField(blank=True, default='', max_length=120),
        ),
        migrations.AddField(
            model_name='message',
            name='about_room',
            field=models.CharField(blank=True, default='', max_length=32),
        ),
        migrations.AddField(
            model_name='message',
            name='anchor',
            field=models.DurationField(null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='step',
            field=models.CharField(blank=True, default='', max_length=24),
        ),
        migrations.AlterField(
            model_name='decisionrow',
            name='why',
            field=models.CharField(choices=[('allowed', 'allowed'), ('not_yet', 'not_yet'), ('quiet_hours', 'quiet_hours'), ('cap', 'cap'), ('kit_recalled', 'kit_recalled'), ('cancelled', 'cancelled'), ('erased', 'erased'), ('expired', 'expired'), ('expires_first', 'expires_first'), ('opted_out', 'opted_out'), ('no_consent', 'no_consent'), ('withdrawn', 'withdrawn'), ('left_audience', 'left_audience'), ('held_out', 'held_out'), ('twice', 'twice'), ('no_way', 'no_way'), ('channel_failed', 'channel_failed'), ('not_done', 'not_done')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(models.F('about_room'), models.F('about_key'), models.F('step'), condition=models.Q(('step', ''), _negated=True), name='message_step_once'),
        ),
    ]
