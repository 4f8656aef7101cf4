"""The daily count of a community and of each of its containers."""

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models.communities import Community, Container, words
from tongxin.communities.terms import Stage
from tongxin.foundation.personal import declare


class Day(models.Model):
    """What a trading day ended with. Kept as it was known then: what is learned later shows as a correction of a later day.

    Counts without people. `container` None is the community itself, where a person counts once.
    """

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    container = models.ForeignKey(Container, on_delete=models.PROTECT, null=True, related_name="+")
    day = models.DateField()
    before = models.PositiveIntegerField()
    joins = models.PositiveIntegerField()
    leaves = models.PositiveIntegerField()
    stock = models.PositiveIntegerField()
    correction = models.IntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    active = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=8, choices=words(Stage), default="", blank=True)
    warnings = models.JSONField(default=list)
    source = models.CharField(max_length=24, default="communities")
    taken_at = models.DateTimeField()

    personal = declare(
        "id community container day before joins leaves stock correction accepted active moved stage warnings source taken_at"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "community", "container", "day", name="community_day_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(stock=F("before") + F("joins") - F("leaves") + F("correction")),
                name="community_day_adds_up",
            ),
        )
