"""The survey after an event: who was drawn to be asked, and what they said."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.events.models.occurrences import Occurrence
from tongxin.events.models.registrations import FIGURES
from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer


class Survey(models.Model):
    """One event's survey. `draw` is the published draw by which those who are asked were picked; `permille` and `least` as of then."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="+")
    draw = models.UUIDField()
    permille = models.PositiveSmallIntegerField()
    least = models.PositiveSmallIntegerField()
    question_zh = models.CharField(max_length=80)
    question_en = models.CharField(max_length=80)
    entrants = models.PositiveIntegerField()
    asked = models.PositiveIntegerField()
    committed_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id occurrence draw permille least question_zh question_en entrants asked committed_at revealed_at expires_at"
    )

    class Meta:
        indexes = (models.Index("committed_at", name="survey_to_reveal", condition=Q(revealed_at=None)),)


class SurveyInvite(models.Model):
    """Somebody who was drawn, and their one answer: 0 to 10, and a sentence if they like. Never a child."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    score = models.PositiveSmallIntegerField(null=True)
    words = EncryptedText(context="survey.words", default="", blank=True)

    personal = declare(
        "id public_id survey person",
        answered_at=personal("how guests found the event", FIGURES, erase=Erase.KEEP),
        score=personal("how guests found the event", FIGURES, erase=Erase.KEEP),
        words=sensitive("how guests found the event", "180 days after the answer"),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("survey", "person", name="survey_asked_once"),
            models.CheckConstraint(
                condition=Q(answered_at=None, score=None) | Q(answered_at__isnull=False, score__lte=10),
                name="survey_answer_whole",
            ),
        )
        indexes = (models.Index(fields=["person", "-id"], name="survey_by_person"),)
