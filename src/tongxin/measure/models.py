"""Studies: what was asked and when, and the answer as it was given. An answer is never changed; a new question is a new study."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import declare
from tongxin.measure.terms import StudyState
from tongxin.stores.models import Brand, Region, Store


class Study(models.Model):
    """One study. `registered_at` is when the question was written down, before anybody looked.

    `answer` is `study.json` of the contract (schema tongxin.study/1); it holds totals and intervals, no person.
    `region`/`store` narrow it to the members whose home is there; both empty is the whole chain.
    `room`/`key` name the event or series whose publication registered it, `protocol` what was written down then and
    `protocol_digest` its hash: PostgreSQL lets nobody change these. Before `due_at` it is not run.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, null=True, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    treated = models.CharField(max_length=140)
    design = models.JSONField()
    room = models.CharField(max_length=32, default="", blank=True)
    key = models.CharField(max_length=120, default="", blank=True)
    protocol = models.JSONField(default=dict, blank=True)
    protocol_digest = models.CharField(max_length=80, default="", blank=True)
    due_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in StudyState], default=StudyState.PLANNED
    )
    faults = models.JSONField(default=list, blank=True)
    answer = models.JSONField(null=True)
    verdict = models.CharField(max_length=16, blank=True)
    fingerprint = models.CharField(max_length=80, blank=True)
    pictures = models.JSONField(default=dict, blank=True)
    report_html = models.TextField(blank=True)
    report_en = models.TextField(blank=True)
    simulated = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_by_name = models.CharField(max_length=80)
    registered_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id brand region store title treated design room key protocol protocol_digest due_at state faults answer"
        " verdict fingerprint pictures report_html report_en simulated asked_by asked_by_name registered_at started_at at"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state=StudyState.DONE.value) | Q(answer__isnull=False),
                name="study_done_has_answer",
            ),
            models.CheckConstraint(condition=Q(region=None) | Q(store=None), name="study_one_place"),
            models.UniqueConstraint("room", "key", name="study_of_a_thing_once", condition=~Q(key="")),
            models.CheckConstraint(
                condition=Q(key="") | (~Q(protocol_digest="") & Q(due_at__isnull=False)),
                name="study_registered_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-registered_at", "-id"], name="study_newest"),
            models.Index("due_at", name="study_due", condition=Q(state="planned", due_at__isnull=False)),
        ]


class Measurement(models.Model):
    """One answer of a measure beside studies (`kinds`): the experience index, value, concentration and the like.

    Like a study it is asked once and never changed. `answer` is the measure's own JSON, `page` its tables and pictures as a
    page shows them; neither names a person.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, null=True, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in StudyState], default=StudyState.PLANNED
    )
    faults = models.JSONField(default=list, blank=True)
    answer = models.JSONField(null=True)
    words = models.JSONField(default=dict, blank=True)
    page = models.JSONField(default=dict, blank=True)
    verdict = models.CharField(max_length=16, blank=True)
    fingerprint = models.CharField(max_length=80, blank=True)
    simulated = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_by_name = models.CharField(max_length=80)
    registered_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id brand region store kind state faults answer words page verdict fingerprint simulated asked_by"
        " asked_by_name registered_at started_at at"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state=StudyState.DONE.value) | Q(answer__isnull=False),
                name="measurement_done_has_answer",
            ),
            models.CheckConstraint(condition=Q(region=None) | Q(store=None), name="measurement_one_place"),
        ]
        indexes: ClassVar = [models.Index(fields=["-registered_at", "-id"], name="measurement_newest")]


class Segment(models.Model):
    """A named set of members, written down as a rule. What it means is its newest version; older ones stay readable."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    personal = declare("id public_id brand store name made_by made_at archived_at")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "brand", "name", name="segment_name_once", condition=Q(archived_at__isnull=True)
            )
        ]


class SegmentVersion(models.Model):
    """One wording of a segment, never changed. `said` is the rule in one spelling, `people` how many it meant when it was saved."""

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    rule = models.TextField()
    said = models.TextField()
    people = models.PositiveIntegerField()
    sheet = models.CharField(max_length=80)
    as_of = models.DateTimeField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id segment number rule said people sheet as_of by at")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint("segment", "number", name="segment_version_once")]


class CommunityIndices(models.Model):
    """The four indices of one community on one day, as they were told then: a later formula never rewrites them.

    `community` is the number that the book knows it by. `answer` holds values, intervals, percentiles and raw components, or why
    there is none; `version` names formula and reference, `fingerprint` what went in.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    measurement = models.ForeignKey(Measurement, on_delete=models.PROTECT, related_name="+")
    community = models.BigIntegerField()
    day = models.DateField()
    members = models.PositiveIntegerField()
    answer = models.JSONField()
    version = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=80)
    simulated = models.BooleanField(default=False)
    taken_at = models.DateTimeField()

    personal = declare(
        "id brand measurement community day members answer version fingerprint simulated taken_at"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("brand", "community", "day", name="community_indices_once_a_day")
        ]
