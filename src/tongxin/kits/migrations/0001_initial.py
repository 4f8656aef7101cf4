"""Tables of kits, and what PostgreSQL itself refuses: a released version changed, a recalled one adopted."""

import django.db.models.deletion
import tongxin.kits.terms
import uuid
from django.db import migrations, models


# A released version, a recall and an exception are what they were; a use that was held keeps its version and values.
GUARDS = """
CREATE FUNCTION kits_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Django's tests empty their tables between tests
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% cannot be changed (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION kits_held_as_it_was() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a kit that was held keeps its version' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION kits_not_recalled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM kits_recall r WHERE r.version_id = NEW.version_id) THEN
        RAISE EXCEPTION 'a recalled version takes no instance' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kits_version_as_released BEFORE UPDATE OR DELETE ON kits_version
    FOR EACH ROW EXECUTE FUNCTION kits_append_only();
CREATE TRIGGER kits_version_keep BEFORE TRUNCATE ON kits_version
    FOR EACH STATEMENT EXECUTE FUNCTION kits_append_only();
CREATE TRIGGER kits_recall_for_good BEFORE UPDATE OR DELETE ON kits_recall
    FOR EACH ROW EXECUTE FUNCTION kits_append_only();
CREATE TRIGGER kits_recall_keep BEFORE TRUNCATE ON kits_recall
    FOR EACH STATEMENT EXECUTE FUNCTION kits_append_only();
CREATE TRIGGER kits_exception_for_good BEFORE UPDATE OR DELETE ON kits_copyexception
    FOR EACH ROW EXECUTE FUNCTION kits_append_only();
CREATE TRIGGER kits_exception_keep BEFORE TRUNCATE ON kits_copyexception
    FOR EACH STATEMENT EXECUTE FUNCTION kits_append_only();
CREATE TRIGGER kits_use_as_held BEFORE UPDATE ON kits_use FOR EACH ROW
    WHEN (OLD.standing = 'held' AND (NEW.version_id, NEW.overrides, NEW.starts_at, NEW.ends_at)
        IS DISTINCT FROM (OLD.version_id, OLD.overrides, OLD.starts_at, OLD.ends_at))
    EXECUTE FUNCTION kits_held_as_it_was();
CREATE TRIGGER kits_instance_of_a_live_version BEFORE INSERT ON kits_instance
    FOR EACH ROW EXECUTE FUNCTION kits_not_recalled();
CREATE TRIGGER kits_instance_to_a_live_version BEFORE UPDATE OF version_id ON kits_instance FOR EACH ROW
    WHEN (NEW.version_id IS DISTINCT FROM OLD.version_id) EXECUTE FUNCTION kits_not_recalled();
"""

BACK = """
DROP TRIGGER kits_version_as_released ON kits_version;
DROP TRIGGER kits_version_keep ON kits_version;
DROP TRIGGER kits_recall_for_good ON kits_recall;
DROP TRIGGER kits_recall_keep ON kits_recall;
DROP TRIGGER kits_exception_for_good ON kits_copyexception;
DROP TRIGGER kits_exception_keep ON kits_copyexception;
DROP TRIGGER kits_use_as_held ON kits_use;
DROP TRIGGER kits_instance_of_a_live_version ON kits_instance;
DROP TRIGGER kits_instance_to_a_live_version ON kits_instance;
DROP FUNCTION kits_append_only();
DROP FUNCTION kits_held_as_it_was();
DROP FUNCTION kits_not_recalled();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('stores', '0002_staff_left'),
    ]

    operations = [
        migrations.CreateModel(
            name='Kit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('code', models.CharField(max_length=40, unique=True)),
                ('title', models.CharField(max_length=40)),
                ('everywhere', models.BooleanField(default=False)),
                ('made_by', models.CharField(max_length=80)),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Instance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('room', models.CharField(max_length=32)),
                ('kind', models.CharField(max_length=16)),
                ('key', models.CharField(max_length=120)),
                ('overrides', models.JSONField(default=dict)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('adopted_by', models.CharField(max_length=80)),
                ('adopted_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('kit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.kit')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['kit', 'store'], name='kit_instance_by_kit'),
                ],
                'constraints': [
                    models.UniqueConstraint(models.F('room'), models.F('key'), name='kit_instance_of_a_thing_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField()),
                ('revision', models.PositiveIntegerField(default=1)),
                ('changed_by', models.CharField(max_length=80)),
                ('changed_at', models.DateTimeField()),
                ('kit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.kit')),
            ],
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('hash', models.CharField(max_length=80)),
                ('note', models.CharField(blank=True, default='', max_length=200)),
                ('released_by', models.CharField(max_length=80)),
                ('released_at', models.DateTimeField()),
                ('kit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.kit')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(models.F('kit'), models.F('number'), name='kit_version_once'),
                    models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='kit_versions_from_one'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Use',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('room', models.CharField(max_length=32)),
                ('key', models.CharField(max_length=120)),
                ('overrides', models.JSONField(default=dict)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('standing', models.CharField(choices=[('planned', 'planned'), ('open', 'open'), ('held', 'held'), ('cancelled', 'cancelled')], default=tongxin.kits.terms.Standing['PLANNED'], max_length=10)),
                ('fixed_at', models.DateTimeField(null=True)),
                ('warmed_at', models.DateTimeField(null=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.instance')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.version')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['version', 'standing'], name='kit_use_by_version'),
                    models.Index(fields=['store', '-starts_at'], name='kit_use_by_store'),
                    models.Index(condition=models.Q(('standing', 'open'), ('warmed_at', None)), fields=['starts_at'], name='kit_use_to_warm'),
                ],
                'constraints': [
                    models.UniqueConstraint(models.F('room'), models.F('key'), name='kit_use_of_an_event_once'),
                    models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='kit_use_forwards'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StepReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('step', models.CharField(max_length=60)),
                ('sentence', models.CharField(blank=True, default='', max_length=200)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('answer', models.CharField(blank=True, default='', max_length=200)),
                ('answered_by', models.CharField(blank=True, default='', max_length=80)),
                ('answered_at', models.DateTimeField(null=True)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.version')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['version', 'step'], name='kit_report_by_step'),
                ],
                'constraints': [
                    models.UniqueConstraint(models.F('version'), models.F('store'), models.F('step'), condition=models.Q(('answered_at', None)), name='kit_step_reported_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Recall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('reason', models.CharField(max_length=200)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.version')),
            ],
        ),
        migrations.AddField(
            model_name='instance',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.version'),
        ),
        migrations.CreateModel(
            name='CopyException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=40)),
                ('why', models.CharField(max_length=200)),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('kit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.kit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('kit'), models.F('word'), name='kit_exception_once')],
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.kit')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('kit'), models.F('store'), name='kit_offered_once')],
            },
        ),
        migrations.CreateModel(
            name='RecallWarning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(null=True)),
                ('seen_by', models.CharField(blank=True, default='', max_length=80)),
                ('recall', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.recall')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('use', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.use')),
            ],
            options={
                'indexes': [models.Index(models.F('store'), condition=models.Q(('seen_at', None)), name='kit_warning_open')],
                'constraints': [models.UniqueConstraint(models.F('recall'), models.F('use'), name='kit_warning_once')],
            },
        ),
        migrations.CreateModel(
            name='Actual',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('material', models.CharField(max_length=24)),
                ('quantity', models.PositiveIntegerField()),
                ('fen', models.PositiveIntegerField()),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('use', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kits.use')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('use'), models.F('material'), name='kit_actual_once')],
            },
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
