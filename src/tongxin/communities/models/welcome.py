"""The first week of a newcomer, and introductions between members."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models.communities import Community, words
from tongxin.communities.models.joining import FIGURES
from tongxin.communities.models.memberships import MEMBERSHIP, Membership
from tongxin.communities.terms import FirstStep
from tongxin.foundation.personal import Erase, declare, personal


class Welcome(models.Model):
    """A newcomer's first week: who takes them by the hand, until when."""

    newcomer = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="+")
    buddy = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    began_at = models.DateTimeField()
    until = models.DateTimeField()

    personal = declare(
        "id newcomer buddy",
        began_at=personal("welcoming newcomers", FIGURES, erase=Erase.KEEP),
        until=personal("welcoming newcomers", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(buddy=None) | ~Q(buddy=F("newcomer")), name="welcome_not_own_buddy"
            ),
        )


class FirstStepDone(models.Model):
    """One step of a first week is done, once."""

    welcome = models.ForeignKey(Welcome, on_delete=models.CASCADE, related_name="+", db_index=False)
    step = models.CharField(max_length=8, choices=words(FirstStep))
    at = models.DateTimeField()

    personal = declare(
        "id welcome",
        step=personal("welcoming newcomers", FIGURES, erase=Erase.KEEP),
        at=personal("welcoming newcomers", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (models.UniqueConstraint("welcome", "step", name="first_step_once"),)


class Introduction(models.Model):
    """Two members are introduced to each other, with what they have in common. `met` None is not answered yet."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+")
    one = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=80, default="", blank=True)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    met = models.BooleanField(null=True)

    personal = declare(
        "id public_id community one other made_by",
        about=personal("introducing members to each other", MEMBERSHIP, erase=Erase.DELETE_ROW),
        made_at=personal("introducing members to each other", MEMBERSHIP, erase=Erase.DELETE_ROW),
        answered_at=personal("introducing members to each other", MEMBERSHIP, erase=Erase.DELETE_ROW),
        met=personal("introducing members to each other", MEMBERSHIP, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            # Smaller id first, so that A to B and B to A are one introduction.
            models.UniqueConstraint("one", "other", name="introduced_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="introduction_two_members"),
        )
