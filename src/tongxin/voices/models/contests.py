"""Prize topics: a contest with rules that cannot change once it is open, votes nobody sees counted before the end, a result anyone recomputes."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models import Community
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.voices.models.posts import FIGURES, Post
from tongxin.voices.models.topics import Topic, words
from tongxin.voices.terms_challenges import ContestState


class Contest(models.Model):
    """A prize topic. `rules_hash` is published on opening; `draw_id` names the draw that is committed when the last entry is in and settles ties."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    title = models.CharField(max_length=40)
    prize = models.CharField(max_length=80)
    about = models.CharField(max_length=200, default="", blank=True)
    winners = models.PositiveSmallIntegerField(default=1)
    entries_until = models.DateTimeField()
    votes_until = models.DateTimeField()
    state = models.CharField(max_length=7, choices=words(ContestState), default=ContestState.DRAFT)
    rules_hash = models.CharField(max_length=64, default="", blank=True)
    draw_id = models.UUIDField(null=True)
    result = models.JSONField(default=dict)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id community topic title prize about winners entries_until votes_until state rules_hash draw_id"
        " result made_by made_at opened_at closed_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(votes_until__gt=F("entries_until")), name="contest_votes_after_entries"
            ),
            models.CheckConstraint(condition=Q(winners__gte=1), name="contest_somebody_wins"),
            models.CheckConstraint(
                condition=Q(state="draft", rules_hash="") | (~Q(state="draft") & ~Q(rules_hash="")),
                name="contest_open_is_frozen",
            ),
        )
        indexes = (models.Index(fields=["community", "state", "-votes_until"], name="contest_by_community"),)


class Entry(models.Model):
    """A post that takes part. `number` is its ticket in the count; it says nothing of its author."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="+", db_index=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()

    personal = declare(
        "id public_id contest post number",
        person=personal("taking part in a contest", FIGURES, erase=Erase.KEEP, export=False),
        at=personal("taking part in a contest", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("contest", "person", name="contest_entry_one_a_person"),
            models.UniqueConstraint("contest", "number", name="contest_entry_number"),
            models.UniqueConstraint("contest", "post", name="contest_entry_post"),
        )


class Vote(models.Model):
    """One vote a person and contest; it may go to another entry until the end."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    personal = declare(
        "id contest",
        person=personal("one vote a person", FIGURES, erase=Erase.KEEP, export=False),
        entry=personal("what somebody voted for", FIGURES, erase=Erase.KEEP),
        at=personal("what somebody voted for", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (models.UniqueConstraint("contest", "person", name="contest_one_vote"),)
