"""Invitations, applications and what was decided at each gate."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models.communities import Community, Container, words
from tongxin.communities.terms import Applied, Scene
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer
from tongxin.stores.models import Store

FIGURES = "kept as a figure, without the person"
TOLD = "30 days after the decision"


class Invitation(models.Model):
    """Somebody inside brings others in: a code for some uses, until a day. `person` makes it one person's alone."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+")
    inviter = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    invited_by = models.CharField(max_length=80)
    most = models.PositiveSmallIntegerField(default=1)
    used = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id community inviter person invited_by most used expires_at ended_at",
        made_at=personal("who brought whom", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(used__lte=F("most")), name="invitation_never_over"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="invitation_expires"),
        )


class Application(models.Model):
    """One way in, from the first answer to the decision. At most one is under way for a person and a community.

    What was said at the gates stands sealed in `answers` (gate → question → answer) and goes thirty days after the decision.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=words(Applied), default=Applied.UNDERWAY)
    answers = EncryptedText(context="communities.answers", default="", blank=True)
    waiting_for_us = models.BooleanField(default=False)
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, related_name="+")
    container = models.ForeignKey(Container, on_delete=models.PROTECT, null=True, related_name="+")
    scene = models.CharField(max_length=12, choices=words(Scene))
    channel = models.CharField(max_length=40, default="", blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="", blank=True)
    reason = models.CharField(max_length=120, default="", blank=True)
    answers_until = models.DateField(null=True)

    personal = declare(
        "id public_id community person store invitation container ended_by waiting_for_us answers_until",
        state=personal("the member's own communities", FIGURES, erase=Erase.KEEP),
        answers=personal("deciding about joining", TOLD),
        scene=personal("where members come from", FIGURES, erase=Erase.KEEP),
        channel=personal("where members come from", FIGURES, erase=Erase.KEEP),
        began_at=personal("the member's own communities", FIGURES, erase=Erase.KEEP),
        ended_at=personal("the member's own communities", FIGURES, erase=Erase.KEEP),
        reason=personal("why somebody was not admitted", TOLD),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "community", "person", name="application_underway_once", condition=Q(state="underway")
            ),
        )
        indexes = (
            models.Index(
                fields=["community", "began_at"],
                name="application_waiting",
                condition=Q(state="underway", waiting_for_us=True),
            ),
            models.Index("person", name="application_by_person"),
            models.Index("answers_until", name="application_going", condition=Q(answers_until__isnull=False)),
        )


class Decision(models.Model):
    """What somebody of the community decided at one gate, with a reason when it was no. One a gate and application."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+", db_index=False)
    gate = models.CharField(max_length=16)
    yes = models.BooleanField()
    reason = models.CharField(max_length=120, default="", blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id application gate by",
        yes=personal("deciding about joining", FIGURES, erase=Erase.KEEP),
        reason=personal("why somebody was not admitted", TOLD),
        at=personal("deciding about joining", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (models.UniqueConstraint("application", "gate", name="decision_once"),)
