"""Stars, their works, the licence of each work, and where a work is used."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.amplify.terms import LIVE_STARS, STAR_LABELS, WORK_LABELS, Scope, StarState, WorkKind
from tongxin.communities.models import Community
from tongxin.events.models import Review
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store
from tongxin.voices.models import Post, PostPhoto

SHOWN = "until the member takes it back or the account is erased"
PROOF = "kept without the person: proof of what was agreed"


class Star(models.Model):
    """One time of being a Community Star: who proposed it and why, what the member answered, since when it is shown.

    `review` is the champion's review that nominated. `shown_as` is the name the member wants to be shown under.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    community = models.ForeignKey(
        Community, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    review = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(
        max_length=8, choices=[(one.value, STAR_LABELS[one][0]) for one in StarState], default="invited"
    )
    why = models.CharField(max_length=120, blank=True)
    shown_as = models.CharField(max_length=24, default="", blank=True)
    invited_by = models.CharField(max_length=80)
    invited_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    shown_by = models.CharField(max_length=80, default="", blank=True)
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    personal = declare(
        "id public_id person store community review invited_by shown_by version",
        state=personal("asking the member", PROOF, erase=Erase.KEEP),
        why=personal("telling the member why", SHOWN),
        shown_as=personal("the name the member is shown under", SHOWN),
        invited_at=personal("asking the member", PROOF, erase=Erase.KEEP),
        answered_at=personal("asking the member", PROOF, erase=Erase.KEEP),
        shown_at=personal("asking the member", PROOF, erase=Erase.KEEP),
        ended_at=personal("asking the member", PROOF, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state__in=[one.value for one in LIVE_STARS]),
                name="star_live_once",
            ),
            models.UniqueConstraint(
                fields=["review"], condition=Q(review__isnull=False), name="star_once_per_review"
            ),
            models.CheckConstraint(
                condition=~Q(state="shown") | Q(shown_at__isnull=False, answered_at__isnull=False),
                name="star_shown_after_a_yes",
            ),
        )
        indexes = (
            models.Index(fields=["-shown_at", "-id"], name="star_wall", condition=Q(state="shown")),
            models.Index(fields=["person", "-id"], name="star_of"),
            models.Index(fields=["-invited_at", "-id"], name="star_newest"),
        )


class Work(models.Model):
    """A work of a Star: a post, a photo of a post, or words given for it. Without a live licence nobody sees it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    star = models.ForeignKey(Star, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=[(one.value, WORK_LABELS[one][0]) for one in WorkKind])
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    photo = models.ForeignKey(
        PostPhoto, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    words = models.CharField(max_length=300, default="", blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id star kind post photo removed_at",
        words=personal("what the member gave to be shown", SHOWN),
        added_at=personal("what the member gave to be shown", PROOF, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="post", post__isnull=False, photo=None)
                | Q(kind="photo", post=None, photo__isnull=False)
                | Q(kind="words", post=None, photo=None),
                name="work_is_one_thing",
            ),
            models.UniqueConstraint(
                fields=["star", "post"],
                condition=Q(post__isnull=False, removed_at=None),
                name="work_post_once",
            ),
            models.UniqueConstraint(
                fields=["star", "photo"],
                condition=Q(photo__isnull=False, removed_at=None),
                name="work_photo_once",
            ),
        )
        indexes = (models.Index(fields=["star", "id"], name="work_of_star"),)


class Licence(models.Model):
    """The author's word about one work: how far out, until when, or no more. Append-only; the newest holds."""

    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="+", db_index=False)
    granted = models.BooleanField()
    scope = models.CharField(max_length=9, choices=[(one.value, one.value) for one in Scope])
    until = models.DateTimeField()
    notice = models.CharField(max_length=24)
    channel = models.CharField(max_length=24)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id work notice by",
        granted=personal("proof of consent", PROOF, erase=Erase.KEEP),
        scope=personal("proof of consent", PROOF, erase=Erase.KEEP),
        until=personal("proof of consent", PROOF, erase=Erase.KEEP),
        channel=personal("proof of consent", PROOF, erase=Erase.KEEP),
        at=personal("proof of consent", PROOF, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["work", "-id"], name="licence_newest"),)


class WorkUse(models.Model):
    """Where a work is used outside our own pages (a poster, a letter, an advert): under which licence, since when, until taken down."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="+", db_index=False)
    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="+", db_index=False)
    scope = models.CharField(max_length=9, choices=[(one.value, one.value) for one in Scope])
    place = models.CharField(max_length=80)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    down_by = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare("id public_id work licence scope place by at down_by ended_at ended_by")

    class Meta:
        indexes = (
            models.Index(fields=["work", "id"], name="use_open", condition=Q(ended_at=None)),
            models.Index(
                fields=["down_by"],
                name="use_to_take_down",
                condition=Q(ended_at=None, down_by__isnull=False),
            ),
        )
