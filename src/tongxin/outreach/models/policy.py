"""Caps and holdouts."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import declare
from tongxin.outreach.models.plans import Message


class Holdout(models.Model):
    """A random share of people whom a plan (or, with none named, every community and promotion message) leaves alone.

    Who is in it follows from the seed and the person alone, so it can be recomputed and needs no list.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    label = models.CharField(max_length=80)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="+")
    share_permille = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=64)
    since = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare("id public_id label message share_permille seed since until by")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(share_permille__gte=1, share_permille__lte=500), name="holdout_share"
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="holdout_dates"),
        )


class CapPolicy(models.Model):
    """One line of the policy: at most so many messages of a class ("" is all but service) within so many hours, from a day on.

    Never changed: a newer line for the same class and window takes its place, so a verdict can be looked up as of any day.
    """

    message_class = models.CharField(max_length=10, default="", blank=True)
    hours = models.PositiveSmallIntegerField()
    most = models.PositiveSmallIntegerField()
    since = models.DateTimeField()
    clause = models.CharField(max_length=200)
    by = models.CharField(max_length=80)

    personal = declare("id message_class hours most since clause by")

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(hours__gte=1), name="cap_has_a_window"),)
        indexes = (models.Index(fields=["message_class", "hours", "-since"], name="cap_newest"),)
