"""After the event: reviews, the group offered, surveys, photos; and what PostgreSQL itself refuses about photos of children."""

import django.db.models.deletion
import tongxin.events.terms_after
import tongxin.foundation.sealing
import uuid
from django.db import migrations, models

from tongxin.foundation.append_only import append_only


# The rule of events/rules/photos.py for children, once more where no code of ours can forget it: a photo with a child stands further
# out than private only when every child in it is named and each guardian's newest answer about that child is yes; and who is seen
# changes only while the photo is private.
PHOTOS = """
CREATE FUNCTION events_photo_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'private' AND (
        NEW.child_visible <> EXISTS (SELECT 1 FROM events_photoseen WHERE photo_id = NEW.id AND companion IS NOT NULL)
        OR EXISTS (
            SELECT 1 FROM events_photoseen s WHERE s.photo_id = NEW.id AND s.companion IS NOT NULL AND NOT coalesce((
                SELECT k.granted FROM people_consent k WHERE k.purpose = 'photo' AND k.companion = s.companion
                ORDER BY k.at DESC, k.id DESC LIMIT 1), false))
    ) THEN
        RAISE EXCEPTION 'a photo with a child needs the guardian''s file' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER events_photo_guarded BEFORE INSERT OR UPDATE ON events_photo
    FOR EACH ROW EXECUTE FUNCTION events_photo_guard();
CREATE FUNCTION events_photoseen_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM events_photo WHERE state <> 'private'
        AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.photo_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.photo_id END))
    THEN
        RAISE EXCEPTION 'who is seen changes only while the photo is private' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER events_photoseen_guarded BEFORE INSERT OR UPDATE OR DELETE ON events_photoseen
    FOR EACH ROW EXECUTE FUNCTION events_photoseen_guard();
"""
BACK = """
DROP TRIGGER events_photo_guarded ON events_photo;
DROP TRIGGER events_photoseen_guarded ON events_photoseen;
DROP FUNCTION events_photo_guard();
DROP FUNCTION events_photoseen_guard();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_came'),
        ('people', '0003_language'),
    ]

    operations = [
        migrations.CreateModel(
            name='Photo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('picture', models.UUIDField(null=True)),
                ('name', models.CharField(blank=True, default='', max_length=40)),
                ('moment', models.CharField(choices=[('before', 'before'), ('during', 'during'), ('after', 'after')], default=tongxin.events.terms_after.PhotoMoment['DURING'], max_length=6)),
                ('caption', models.CharField(blank=True, default='', max_length=80)),
                ('child_visible', models.BooleanField(default=True)),
                ('strangers', models.BooleanField(default=False)),
                ('seen_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('private', 'private'), ('group', 'group'), ('public', 'public'), ('advert', 'advert')], default=tongxin.events.terms_after.PhotoState['PRIVATE'], max_length=7)),
                ('later', models.CharField(blank=True, choices=[('private', 'private'), ('group', 'group'), ('public', 'public'), ('advert', 'advert')], default='', max_length=7)),
                ('later_at', models.DateTimeField(null=True)),
                ('later_by', models.CharField(blank=True, default='', max_length=80)),
                ('version', models.PositiveIntegerField(default=1)),
                ('added_at', models.DateTimeField()),
                ('added_by', models.CharField(max_length=80)),
                ('moved_at', models.DateTimeField(null=True)),
                ('moved_by', models.CharField(blank=True, default='', max_length=80)),
                ('gone_at', models.DateTimeField(null=True)),
                ('guardian_file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.consent')),
                ('occurrence', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.occurrence')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['occurrence', 'id'], name='photo_by_event'),
                    models.Index(models.F('id'), condition=models.Q(('state', 'private'), _negated=True), name='photo_out'),
                    models.Index(models.F('later_at'), condition=models.Q(('later_at__isnull', False)), name='photo_later'),
                    models.Index(models.F('added_at'), condition=models.Q(('child_visible', True), ('gone_at', None)), name='photo_of_child'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('state', 'private'), models.Q(('gone_at', None), ('seen_at__isnull', False), ('strangers', False)), _connector='OR'), name='photo_out_only_when_said'),
                    models.CheckConstraint(condition=models.Q(('state', 'private'), ('child_visible', False), ('guardian_file__isnull', False), _connector='OR'), name='photo_of_child_needs_file'),
                    models.CheckConstraint(condition=models.Q(models.Q(('later', ''), ('later_at', None)), models.Q(models.Q(('later', ''), _negated=True), ('later_at__isnull', False)), _connector='OR'), name='photo_scheduled_whole'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PhotoAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('companion', models.UUIDField(null=True)),
                ('use', models.CharField(choices=[('private', 'private'), ('group', 'group'), ('public', 'public'), ('advert', 'advert')], max_length=7)),
                ('granted', models.BooleanField()),
                ('by', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.customer')),
                ('photo', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.photo')),
                ('record', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.consent')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['photo', 'person', 'use', '-id'], name='photo_answer_newest'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PhotoPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kit', models.CharField(blank=True, db_index=True, default='', max_length=64)),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=80)),
                ('occurrence', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.occurrence')),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='events.photo')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('photo', 'occurrence', 'kit'), name='photo_place_once', nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(models.Q(('occurrence', None), models.Q(('kit', ''), _negated=True)), models.Q(('kit', ''), ('occurrence__isnull', False)), _connector='OR'), name='photo_at_one_place'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PhotoSeen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('companion', models.UUIDField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.customer')),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.photo')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('photo', 'person', 'companion'), name='photo_seen_once', nulls_distinct=False),
                ],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('questions', models.PositiveSmallIntegerField()),
                ('answers', models.JSONField()),
                ('star_why', models.CharField(blank=True, default='', max_length=120)),
                ('version', models.PositiveIntegerField(default=1)),
                ('submitted_at', models.DateTimeField()),
                ('submitted_by', models.CharField(max_length=80)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=80)),
                ('occurrence', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.occurrence')),
                ('star', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.customer')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['-submitted_at', '-id'], name='review_newest'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('draw', models.UUIDField()),
                ('permille', models.PositiveSmallIntegerField()),
                ('least', models.PositiveSmallIntegerField()),
                ('question_zh', models.CharField(max_length=80)),
                ('question_en', models.CharField(max_length=80)),
                ('entrants', models.PositiveIntegerField()),
                ('asked', models.PositiveIntegerField()),
                ('committed_at', models.DateTimeField()),
                ('revealed_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('occurrence', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.occurrence')),
            ],
            options={
                'indexes': [
                    models.Index(models.F('committed_at'), condition=models.Q(('revealed_at', None)), name='survey_to_reveal'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SurveyInvite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('score', models.PositiveSmallIntegerField(null=True)),
                ('words', tongxin.foundation.sealing.EncryptedText(blank=True, context='survey.words', default='')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.customer')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.survey')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['person', '-id'], name='survey_by_person'),
                ],
                'constraints': [
                    models.UniqueConstraint(models.F('survey'), models.F('person'), name='survey_asked_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('score', None)), models.Q(('answered_at__isnull', False), ('score__lte', 10)), _connector='OR'), name='survey_answer_whole'),
                ],
            },
        ),
        migrations.CreateModel(
            name='FollowUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(blank=True, default='', max_length=120)),
                ('url', models.URLField(blank=True, default='', max_length=300)),
                ('version', models.PositiveIntegerField(default=1)),
                ('set_at', models.DateTimeField()),
                ('set_by', models.CharField(max_length=80)),
                ('occurrence', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.occurrence')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('url', ''), ('url__startswith', 'https://'), _connector='OR'), name='followup_link_is_https')],
            },
        ),
        migrations.RunSQL(PHOTOS, BACK),
        append_only("events_photoanswer"),
    ]
