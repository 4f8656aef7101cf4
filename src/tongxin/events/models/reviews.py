"""What a champion writes down after an event, and the group that is offered to who came."""

import uuid

from django.db import models

from tongxin.events.models.occurrences import PROGRAMME, Occurrence
from tongxin.foundation.personal import declare, personal
from tongxin.people.models import Customer


class Review(models.Model):
    """The champion's three answers (`questions` names their version), and whom they nominate as a Star and why."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="+")
    questions = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    star = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    star_why = models.CharField(max_length=120, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField()
    submitted_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=80)

    personal = declare(
        "id public_id occurrence questions answers version submitted_at submitted_by changed_at changed_by",
        star=personal("who is nominated as a Star", PROGRAMME),
        star_why=personal("who is nominated as a Star", PROGRAMME),
    )

    class Meta:
        indexes = (models.Index(fields=["-submitted_at", "-id"], name="review_newest"),)


class FollowUp(models.Model):
    """The group that who came may join: a sentence and a link. Empty ones are taken back."""

    occurrence = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=120, default="", blank=True)
    url = models.URLField(max_length=300, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=80)

    personal = declare("id occurrence text url version set_at set_by")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(url="") | models.Q(url__startswith="https://"),
                name="followup_link_is_https",
            ),
        )
