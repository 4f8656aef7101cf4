"""Challenges 打卡: what people do together for a while, each at their own pace; days ticked, and two days a month made up for."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models import Community
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.voices.models.posts import FIGURES, Post
from tongxin.voices.models.topics import words
from tongxin.voices.terms_challenges import FREE_MAKE_UPS, ChallengeState


class Challenge(models.Model):
    """Something to do so many times a week between two days. The day turns at the store's hour (`cutoff_hour`)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=40)
    about = models.CharField(max_length=200, default="", blank=True)
    weekly_target = models.PositiveSmallIntegerField(default=3)
    starts_on = models.DateField()
    ends_on = models.DateField()
    zone = models.CharField(max_length=40)
    cutoff_hour = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=6, choices=words(ChallengeState), default=ChallengeState.OPEN)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id community title about weekly_target starts_on ends_on zone cutoff_hour state made_by made_at closed_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(weekly_target__gte=1, weekly_target__lte=7), name="challenge_week_has_seven_days"
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="challenge_forwards"),
            models.CheckConstraint(condition=Q(cutoff_hour__lte=12), name="challenge_cutoff"),
        )
        indexes = (models.Index(fields=["community", "state", "-starts_on"], name="challenge_by_community"),)


class ChallengeStay(models.Model):
    """Somebody takes part, until they leave; coming back goes on where they were."""

    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    personal = declare(
        "id challenge person",
        joined_at=personal("taking part in a challenge", FIGURES, erase=Erase.KEEP),
        left_at=personal("taking part in a challenge", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (models.UniqueConstraint("challenge", "person", name="challenge_stay_once"),)


class CheckIn(models.Model):
    """One day ticked: at most one a day, however often somebody taps. Streaks are read from these rows and stored nowhere."""

    stay = models.ForeignKey(ChallengeStay, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    made_up = models.BooleanField(default=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    personal = declare(
        "id stay post",
        day=personal("days of a challenge", FIGURES, erase=Erase.DELETE_ROW),
        made_up=personal("days of a challenge", FIGURES, erase=Erase.DELETE_ROW),
        at=personal("days of a challenge", FIGURES, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("stay", "day", name="check_in_once_a_day"),)


class MakeUp(models.Model):
    """The ledger of made-up days: two a month are free, each `slot` of a month is used once. Rows are written and never changed."""

    stay = models.ForeignKey(ChallengeStay, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    slot = models.PositiveSmallIntegerField()
    day = models.DateField()
    at = models.DateTimeField()

    personal = declare(
        "id stay slot",
        month=personal("made-up days of a challenge", FIGURES, erase=Erase.DELETE_ROW),
        day=personal("made-up days of a challenge", FIGURES, erase=Erase.DELETE_ROW),
        at=personal("made-up days of a challenge", FIGURES, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("stay", "month", "slot", name="make_up_slot_once"),
            models.UniqueConstraint("stay", "day", name="make_up_day_once"),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=FREE_MAKE_UPS), name="make_up_free_ones"
            ),
        )
