"""The inbox of voices: what a post says to us, who says so, who answers for it and what was done."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.communities.models import Community
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.stores.models import Staff
from tongxin.voices.models.posts import FIGURES, Post
from tongxin.voices.models.topics import words
from tongxin.voices.terms_feedback import ItemState, Label


class Item(models.Model):
    """One post in the inbox. `guess` and `sure` are the model's, with its version; `label` is a person's word or a sure guess.

    `outcome` is what we did; it is told to the author once.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="+")
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=words(ItemState))
    guess = models.CharField(max_length=6, choices=words(Label), default="", blank=True)
    sure = models.FloatField(default=0)
    positive = models.FloatField(null=True)
    model = models.CharField(max_length=40)
    label = models.CharField(max_length=6, choices=words(Label), default="", blank=True)
    labelled_by = models.CharField(max_length=80, default="", blank=True)
    labelled_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, default="", blank=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField()

    personal = declare(
        "id public_id post community state model labelled_by labelled_at owner due_at outcome answered_by answered_at found_at",
        guess=personal("what members tell us", FIGURES, erase=Erase.KEEP),
        sure=personal("what members tell us", FIGURES, export=False, erase=Erase.KEEP),
        positive=personal("what members tell us", FIGURES, export=False, erase=Erase.KEEP),
        label=personal("what members tell us", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(state="unsure") | ~Q(label=""), name="item_sorted_has_label"),
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(owner__isnull=False, due_at__isnull=False),
                name="item_taken_by",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | (Q(answered_at__isnull=False) & ~Q(outcome="")),
                name="item_answered_whole",
            ),
        )
        indexes = (
            models.Index(fields=["community", "state", "-found_at"], name="item_inbox"),
            models.Index(fields=["due_at"], name="item_due", condition=Q(state="taken")),
            models.Index(fields=["label", "-found_at"], name="item_by_label"),
        )
