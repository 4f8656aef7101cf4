"""Colleagues in WeCom: the corp's list, hand-overs of customers and groups, robots, trials; which post a target is."""

import django.db.models.deletion
import tongxin.foundation.sealing
import tongxin.outreach.terms_handover
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0006_welcomed'),
        ('people', '0003_language'),
        ('stores', '0003_second_person'),
    ]

    operations = [
        migrations.CreateModel(
            name='Robot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('label', models.CharField(max_length=40)),
                ('url', tongxin.foundation.sealing.EncryptedText(context='outreach.robot')),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WecomColleague',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('userid', models.CharField(max_length=64, unique=True)),
                ('name', models.CharField(blank=True, default='', max_length=80)),
                ('departments', models.JSONField(default=list)),
                ('phone_lookup', models.CharField(blank=True, default='', max_length=64)),
                ('synced_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WecomDepartment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('name', models.CharField(blank=True, default='', max_length=80)),
                ('parent', models.PositiveIntegerField(default=0)),
                ('synced_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WecomHandover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('old_userid', models.CharField(max_length=64)),
                ('new_userid', models.CharField(max_length=64)),
                ('left', models.BooleanField()),
                ('next_at', models.DateTimeField(null=True)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='wecom_over_due'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('old_userid', models.F('new_userid')), _negated=True), name='wecom_over_to_another'),
                    models.UniqueConstraint(models.F('old_userid'), models.F('new_userid'), condition=models.Q(('done_at', None)), name='wecom_over_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WecomHandoverLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('customer', 'customer'), ('group', 'group')], max_length=8)),
                ('external', models.CharField(max_length=80)),
                ('name', models.CharField(blank=True, default='', max_length=120)),
                ('state', models.CharField(choices=[('open', 'open'), ('waiting', 'waiting'), ('handed', 'handed'), ('refused', 'refused'), ('failed', 'failed')], default=tongxin.outreach.terms_handover.State['OPEN'], max_length=8)),
                ('number', models.IntegerField(default=0)),
                ('asked_at', models.DateTimeField(null=True)),
                ('takes_at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WecomTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=80)),
                ('steps', models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            model_name='wecomtarget',
            name='post',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.task'),
        ),
        migrations.AddIndex(
            model_name='wecomtarget',
            index=models.Index(condition=models.Q(('post__isnull', False)), fields=['post'], name='wecom_target_by_post'),
        ),
        migrations.AddField(
            model_name='robot',
            name='store',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store'),
        ),
        migrations.AddField(
            model_name='wecomhandover',
            name='new',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.staff'),
        ),
        migrations.AddField(
            model_name='wecomhandover',
            name='old',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.staff'),
        ),
        migrations.AddField(
            model_name='wecomhandover',
            name='store',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store'),
        ),
        migrations.AddField(
            model_name='wecomhandoverline',
            name='customer',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.customer'),
        ),
        migrations.AddField(
            model_name='wecomhandoverline',
            name='handover',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outreach.wecomhandover'),
        ),
        migrations.AddIndex(
            model_name='wecomhandoverline',
            index=models.Index(condition=models.Q(('customer__isnull', False)), fields=['customer'], name='wecom_over_by_person'),
        ),
        migrations.AddConstraint(
            model_name='wecomhandoverline',
            constraint=models.UniqueConstraint(models.F('handover'), models.F('kind'), models.F('external'), name='wecom_over_line_once'),
        ),
    ]
