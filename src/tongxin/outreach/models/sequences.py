"""Sequences: steps by day after somebody (or a group) entered, and who is in which arm."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import Erase, declare, personal
from tongxin.outreach.models.words import KEPT, words
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import Arm, GroupMood, SequenceKind, SequenceState, Target
from tongxin.people.models import Customer
from tongxin.stores.models import Store


class Sequence(models.Model):
    """Who enters `audience_key` of `audience` is told the steps day by day, as long as they are in `stay_key`.

    `seed` decides the arms and who is held out, so both can be recomputed. One about a subject of an upper room ends with it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=words(SequenceKind))
    title = models.CharField(max_length=80)
    target = models.CharField(max_length=8, choices=words(Target), default=Target.PERSONS)
    audience = models.CharField(max_length=32)
    audience_key = models.CharField(max_length=120)
    stay_key = models.CharField(max_length=120, default="", blank=True)
    message_class = models.CharField(max_length=10, choices=words(MessageClass))
    channel = models.CharField(max_length=24)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    about_room = models.CharField(max_length=32, default="", blank=True)
    about_key = models.CharField(max_length=120, default="", blank=True)
    state = models.CharField(max_length=8, choices=words(SequenceState), default=SequenceState.DRAFT)
    reason = models.CharField(max_length=200, default="", blank=True)
    arms = models.PositiveSmallIntegerField(default=1)
    held_permille = models.PositiveSmallIntegerField(default=0)
    seed = models.CharField(max_length=64)
    author_id = models.BigIntegerField(null=True)
    author = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=80, default="", blank=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id kind title target audience audience_key stay_key message_class channel store about_room about_key state"
        " reason arms held_permille seed author_id author created_at started_at started_by until ended_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(arms__gte=1, arms__lte=2), name="sequence_arms"),
            models.CheckConstraint(condition=Q(held_permille__lte=500), name="sequence_held"),
        )
        indexes = (
            models.Index(fields=["store", "-id"], name="sequence_by_store"),
            models.Index(fields=["id"], name="sequence_running", condition=Q(state="running")),
        )


class SequenceStep(models.Model):
    """What is said on one day after the entry, to one arm ("" to both), into groups of one mood ("" whatever it is)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="+")
    day = models.PositiveSmallIntegerField()
    at = models.TimeField()
    arm = models.CharField(max_length=4, choices=words(Arm), default="", blank=True)
    mood = models.CharField(max_length=6, choices=words(GroupMood), default="", blank=True)
    title = models.CharField(max_length=80, default="", blank=True)
    text = models.TextField()
    text_en = models.TextField(default="", blank=True)
    path = models.CharField(max_length=200, default="", blank=True)

    personal = declare("id public_id sequence day at arm mood title text text_en path")

    class Meta:
        constraints = (
            models.UniqueConstraint("sequence", "day", "at", "arm", "mood", name="sequence_step_once"),
        )


class Enrolment(models.Model):
    """A person, or a group, has entered a sequence; once. `arm` follows from the sequence's seed."""

    sequence = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    group_key = models.CharField(max_length=120, default="", blank=True)
    arm = models.CharField(max_length=4, choices=words(Arm))
    entered_at = models.DateTimeField()

    personal = declare(
        "id sequence group_key",
        person=personal("which sequence a member is in", KEPT, erase=Erase.KEEP, export=False),
        arm=personal("which sequence a member is in", KEPT, erase=Erase.KEEP),
        entered_at=personal("which sequence a member is in", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "sequence", "person", name="enrolled_once", condition=Q(person__isnull=False)
            ),
            models.UniqueConstraint(
                "sequence", "group_key", name="group_enrolled_once", condition=~Q(group_key="")
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, group_key="") | (Q(person=None) & ~Q(group_key="")),
                name="enrolled_who",
            ),
        )
        indexes = (
            models.Index(fields=["person"], name="enrolment_by_person"),
            models.Index(fields=["sequence", "entered_at"], name="enrolment_by_day"),
        )
