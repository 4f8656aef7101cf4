"""The frozen rules of a draw."""

from django.db import models

from tongxin.events.models.occurrences import Occurrence
from tongxin.foundation.personal import declare


class Lottery(models.Model):
    """What was published about a draw before anybody could enter: the fifteen points of the law, seats, beacon; and their hash.

    Never rewritten; `tidied_at`, when two years after nobody can be found by their lot any more. The draw itself stands in `foundation/draw` under the occurrence's `draw`.
    """

    occurrence = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="+")
    rules = models.JSONField()
    rules_hash = models.CharField(max_length=64)
    draws_at = models.DateTimeField()
    frozen_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    tidied_at = models.DateTimeField(null=True)

    personal = declare("id occurrence rules rules_hash draws_at frozen_at finished_at tidied_at")

    class Meta:
        indexes = (models.Index("draws_at", name="lottery_due", condition=models.Q(finished_at=None)),)
