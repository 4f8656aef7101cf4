"""The editorial calendar, the content library it draws from, and the mix that a community aims for."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.communities.models import Community
from tongxin.foundation.personal import declare
from tongxin.stores.models import Brand
from tongxin.voices.models.posts import Post
from tongxin.voices.models.topics import words
from tongxin.voices.terms import ContentType, EntryState


class LibraryItem(models.Model):
    """A piece of the brand's content library, on the shelf of its type; `used` counts the entries that published it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    content = models.CharField(max_length=9, choices=words(ContentType))
    title = models.CharField(max_length=60)
    body = models.TextField()
    used = models.PositiveIntegerField(default=0)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    personal = declare("id public_id brand content title body used made_by made_at retired_at")

    class Meta:
        indexes = (
            models.Index(
                fields=["brand", "content", "id"], name="library_shelf", condition=Q(retired_at=None)
            ),
        )


class CalendarEntry(models.Model):
    """What a community brings on a day: a type, a title, a draft; published once, as a post."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(LibraryItem, on_delete=models.PROTECT, null=True, related_name="+")
    content = models.CharField(max_length=9, choices=words(ContentType))
    title = models.CharField(max_length=60)
    draft = models.TextField(default="", blank=True)
    on = models.DateField()
    state = models.CharField(max_length=9, choices=words(EntryState), default=EntryState.PLANNED)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()

    personal = declare(
        "id public_id community item content title draft on state post version made_by made_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="published") | Q(post__isnull=False), name="entry_published_has_post"
            ),
        )
        indexes = (models.Index(fields=["community", "on", "id"], name="entry_by_day"),)


class MixTarget(models.Model):
    """The share of one type that a community aims for, in per cent; without rows the usual mix holds."""

    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+", db_index=False)
    content = models.CharField(max_length=9, choices=words(ContentType))
    share = models.PositiveSmallIntegerField()

    personal = declare("id community content share")

    class Meta:
        constraints = (
            models.UniqueConstraint("community", "content", name="mix_once"),
            models.CheckConstraint(condition=Q(share__lte=100), name="mix_share"),
        )
