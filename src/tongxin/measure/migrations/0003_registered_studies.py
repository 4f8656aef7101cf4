"""Studies that a publication registers, and what PostgreSQL itself refuses: another question behind the same answer."""

from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION measure_protocol_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.brand_id, OLD.store_id, OLD.title, OLD.treated, OLD.design, OLD.room, OLD.key, OLD.protocol,
        OLD.protocol_digest, OLD.due_at, OLD.registered_at) IS DISTINCT FROM (NEW.brand_id, NEW.store_id, NEW.title, NEW.treated,
        NEW.design, NEW.room, NEW.key, NEW.protocol, NEW.protocol_digest, NEW.due_at, NEW.registered_at) THEN
        RAISE EXCEPTION 'a registered study stays as it was written (%)', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER measure_study_protocol_stays BEFORE UPDATE OR DELETE ON measure_study
    FOR EACH ROW WHEN (OLD.protocol_digest <> '') EXECUTE FUNCTION measure_protocol_stays();
"""
BACK = """
DROP TRIGGER measure_study_protocol_stays ON measure_study;
DROP FUNCTION measure_protocol_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('measure', '0002_measurements'),
        ('stores', '0002_staff_left'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='study',
            name='due_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='key',
            field=models.CharField(blank=True, default='', max_length=120),
        ),
        migrations.AddField(
            model_name='study',
            name='protocol',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='study',
            name='protocol_digest',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        migrations.AddField(
            model_name='study',
            name='room',
            field=models.CharField(blank=True, default='', max_length=32),
        ),
        migrations.AddIndex(
            model_name='study',
            index=models.Index(models.F('due_at'), condition=models.Q(('due_at__isnull', False), ('state', 'planned')), name='study_due'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.UniqueConstraint(models.F('room'), models.F('key'), condition=models.Q(('key', ''), _negated=True), name='study_of_a_thing_once'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('key', ''), models.Q(models.Q(('protocol_digest', ''), _negated=True), ('due_at__isnull', False)), _connector='OR'), name='study_registered_whole'),
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
