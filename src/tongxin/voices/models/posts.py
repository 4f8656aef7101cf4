"""Posts, what they said before an edit, the author's word about showing them outside, reactions."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.communities.models import Community, Membership, PartTerm
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Staff, Store
from tongxin.voices.models.topics import Topic, words
from tongxin.voices.terms import ContentType, PostKind, PostState, ReactionKind, Visibility

SAID = "until its author takes it back or the account is erased"
FIGURES = "kept as a figure, without the person"
SEEN = Q(state="published", root=None)


class Post(models.Model):
    """Something said in a community: by a member, by staff (as the persona they serve as), or by the community itself.

    `root` is what it stands under. `shown_at` is since when it is seen; feeds go by it. Counters change only by conditional updates
    in the transaction of what they count; `returns` how often an appeal brought it back. `peer`: said by a member who is no expert.
    A removed post keeps its words as evidence.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=words(PostKind))
    state = models.CharField(max_length=9, choices=words(PostState))
    visibility = models.CharField(max_length=9, choices=words(Visibility), default=Visibility.COMMUNITY)
    person = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    persona = models.ForeignKey(
        PartTerm, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    peer = models.BooleanField(default=False)
    body = models.TextField(default="", blank=True)
    content = models.CharField(max_length=9, choices=words(ContentType), default="", blank=True)
    fingerprint = models.BigIntegerField(default=0)
    reasons = models.JSONField(default=list)
    accepted = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    accepted_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by_peer = models.BooleanField(null=True)
    replies = models.PositiveIntegerField(default=0)
    useful = models.PositiveIntegerField(default=0)
    liked = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    photos = models.PositiveSmallIntegerField(default=0)
    returns = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    written_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    edited_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    gone_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare(
        "id public_id community topic root staff persona store peer content accepted accepted_at answered_at answered_by_peer"
        " replies useful liked same photos returns version gone_by",
        person=personal("whose words these are", FIGURES, erase=Erase.KEEP, export=False),
        membership=personal("whose words these are", FIGURES, erase=Erase.KEEP, export=False),
        kind=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
        state=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
        visibility=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
        body=personal("talking in a community", SAID),
        fingerprint=personal("the same text sent again and again", SAID, export=False),
        reasons=personal("why a post waited", SAID, export=False),
        written_at=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
        shown_at=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
        edited_at=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
        gone_at=personal("the member's own posts", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(person=None) | Q(staff=None, persona=None), name="post_one_author"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["post", "question"], root=None)
                | Q(kind__in=["answer", "comment"], root__isnull=False),
                name="post_reply_has_root",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(shown_at__isnull=False), name="post_seen_since"
            ),
            models.CheckConstraint(
                condition=Q(accepted=None, accepted_at=None)
                | Q(kind="question", accepted__isnull=False, accepted_at__isnull=False),
                name="post_question_accepts",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["removed", "withdrawn"]) | Q(gone_at__isnull=False),
                name="post_gone_since",
            ),
        )
        indexes = (
            models.Index(fields=["community", "-shown_at", "-id"], name="post_feed", condition=SEEN),
            models.Index(
                fields=["topic", "-shown_at", "-id"],
                name="post_by_topic",
                condition=SEEN & Q(topic__isnull=False),
            ),
            models.Index(
                fields=["root", "shown_at", "id"], name="post_replies", condition=Q(root__isnull=False)
            ),
            models.Index(
                fields=["community", "-shown_at", "-id"],
                name="post_questions",
                condition=SEEN & Q(kind="question"),
            ),
            models.Index(
                fields=["community", "-shown_at", "-id"],
                name="post_public",
                condition=SEEN & Q(visibility="public"),
            ),
            models.Index(
                fields=["community", "-shown_at"],
                name="post_content",
                condition=Q(state="published") & ~Q(content=""),
            ),
            models.Index(
                fields=["person", "-written_at"], name="post_by_author", condition=Q(person__isnull=False)
            ),
            models.Index(
                fields=["community", "written_at", "id"], name="post_waiting", condition=Q(state="waiting")
            ),
            models.Index("gone_at", name="post_withdrawn", condition=Q(state="withdrawn") & ~Q(body="")),
        )


class PostVersion(models.Model):
    """What a post said before an edit."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    body = models.TextField()
    at = models.DateTimeField(db_index=True)

    personal = declare(
        "id post number",
        body=personal("what was said before an edit", "180 days", erase=Erase.DELETE_ROW),
        at=personal("what was said before an edit", "180 days", erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("post", "number", name="post_version_once"),)


class PostLicence(models.Model):
    """The author's yes or no to showing a post outside its community. Append-only; the newest holds."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", db_index=False)
    granted = models.BooleanField()
    notice = models.CharField(max_length=24)
    channel = models.CharField(max_length=24)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id post notice by",
        granted=personal("proof of consent", FIGURES, erase=Erase.KEEP),
        channel=personal("proof of consent", FIGURES, erase=Erase.KEEP),
        at=personal("proof of consent", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["post", "-id"], name="post_licence_newest"),)


class Reaction(models.Model):
    """A tap: one of a kind a person and post."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=words(ReactionKind))
    at = models.DateTimeField()

    personal = declare(
        "id post person",
        kind=personal("saying that a post helped", SAID, erase=Erase.DELETE_ROW),
        at=personal("saying that a post helped", SAID, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("post", "person", "kind", name="reaction_once"),)
