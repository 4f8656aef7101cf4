"""Photos of posts: who is seen, what each of them agreed to. The same states and the same rule as the photos of events."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.events.terms_after import PhotoState
from tongxin.foundation.personal import Erase, child, declare, personal
from tongxin.people.models import Consent, Customer
from tongxin.voices.models.posts import SAID, Post
from tongxin.voices.models.topics import words

KEPT_PROOF = "kept without the person: proof of what was agreed"
CHILD_SEEN = "30 days; longer only while the guardian's file lasts"


class PostPhoto(models.Model):
    """A photo of a post, by the name under which `media` keeps the picture. Private until everybody seen agrees to more.

    A photo with a child is out only with `guardian_file`, a consent that the guardian gave; PostgreSQL asks for it too.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    picture = models.UUIDField(null=True)
    name = models.CharField(max_length=40, default="", blank=True)
    child_visible = models.BooleanField(default=True)
    strangers = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=words(PhotoState), default=PhotoState.PRIVATE)
    guardian_file = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True)
    moved_by = models.CharField(max_length=80, default="", blank=True)
    gone_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id post child_visible strangers seen_at state guardian_file version moved_at moved_by gone_at",
        picture=personal("photos of the member's own posts", SAID, export=False),
        name=personal("photos of the member's own posts", SAID),
        added_at=personal("photos of the member's own posts", SAID, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="private") | Q(seen_at__isnull=False, strangers=False, gone_at=None),
                name="post_photo_out_only_when_said",
            ),
            models.CheckConstraint(
                condition=Q(state="private") | Q(child_visible=False) | Q(guardian_file__isnull=False),
                name="post_photo_of_child_needs_file",
            ),
        )
        indexes = (
            models.Index("id", name="post_photo_out", condition=~Q(state="private")),
            models.Index(
                "added_at", name="post_photo_of_child", condition=Q(child_visible=True, gone_at=None)
            ),
        )


class PostPhotoSeen(models.Model):
    """Somebody seen in a photo: its author, or (with `companion`) a child of the author."""

    photo = models.ForeignKey(PostPhoto, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    companion = models.UUIDField(null=True)

    personal = declare(
        "id photo",
        person=personal("asking who is seen", SAID, erase=Erase.DELETE_ROW, export=False),
        companion=child("asking the guardian of a child who is seen", CHILD_SEEN, export=False),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["photo", "person", "companion"], name="post_photo_seen_once", nulls_distinct=False
            ),
        )


class PostPhotoAnswer(models.Model):
    """A yes or a no (for a child: of the guardian) to one use of one photo. Append-only; the newest holds."""

    photo = models.ForeignKey(PostPhoto, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    companion = models.UUIDField(null=True)
    use = models.CharField(max_length=7, choices=words(PhotoState))
    granted = models.BooleanField()
    record = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id photo person record by",
        companion=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
        use=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
        granted=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
        at=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["photo", "person", "use", "-id"], name="post_photo_answer_newest"),)
