"""Who buys together, and who joined."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.events.models.occurrences import Occurrence
from tongxin.events.models.registrations import FIGURES, Registration
from tongxin.foundation.personal import Erase, declare, personal


class BuyGroup(models.Model):
    """Some members buy together 拼团: complete at `size` before `deadline`, otherwise every piece is free again."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+")
    size = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    personal = declare("id public_id occurrence size opened_at deadline completed_at released_at")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(completed_at=None) | Q(released_at=None), name="group_one_end"
            ),
        )
        indexes = (
            models.Index("deadline", name="group_open", condition=Q(completed_at=None, released_at=None)),
        )


class BuyPlace(models.Model):
    """A registration belongs to a group: one at most."""

    group = models.ForeignKey(BuyGroup, on_delete=models.PROTECT, related_name="+")
    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()

    personal = declare(
        "id group registration",
        joined_at=personal("who buys together", FIGURES, erase=Erase.KEEP),
    )
