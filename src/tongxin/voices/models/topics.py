"""Topics of a community: what is talked about under one name."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.communities.models import Community
from tongxin.foundation.personal import declare
from tongxin.voices.terms import TopicState


def words(enum: type) -> list[tuple[str, str]]:
    """A plain enum as choices of a column."""
    return [(word.value, word.value) for word in enum]  # type: ignore[attr-defined]  # any StrEnum


class Topic(models.Model):
    """Something a community talks about. `posts` counts what is seen under it, `last_at` says when something came last."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=24)
    about = models.CharField(max_length=120, default="", blank=True)
    state = models.CharField(max_length=8, choices=words(TopicState), default=TopicState.OPEN)
    pinned = models.BooleanField(default=False)
    posts = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()

    personal = declare("id public_id community name about state pinned posts last_at version made_by made_at")

    class Meta:
        constraints = (
            models.UniqueConstraint("community", "name", name="topic_name_once", condition=Q(state="open")),
        )
        indexes = (
            models.Index(fields=["community", "-pinned", "-last_at", "-id"], name="topic_by_community"),
        )
