"""Shortlists with their places, polls with their votes, pools with their shares."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.amplify.terms_demand import LIST_LABELS, POLL_LABELS, ListState, PollKind, Slot
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store

LISTED = "180 days"
BOOKS = "kept for the books without the person: an opaque number after erasure"


class Shortlist(models.Model):
    """A list of members worth talking to, nine in ten by what they did and one in ten by lot (`draw`); for people to judge."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=6, choices=[(one.value, LIST_LABELS[one][0]) for one in ListState])
    size = models.PositiveSmallIntegerField()
    per_store = models.PositiveSmallIntegerField()
    eligible = models.PositiveIntegerField(default=0)
    notes = models.JSONField(default=list)
    tickets = models.JSONField(default=dict)
    draw = models.UUIDField(null=True)
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    drawn_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id store state size per_store eligible notes tickets draw asked_by asked_at listed_at drawn_at"
    )

    class Meta:
        indexes = (models.Index(fields=["id"], name="shortlist_asked", condition=Q(state="asked")),)


class ShortlistPlace(models.Model):
    """One member on a list, with the reasons as they were said."""

    shortlist = models.ForeignKey(Shortlist, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    slot = models.CharField(max_length=6, choices=[(one.value, one.value) for one in Slot])
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    reasons = models.JSONField(default=list)
    flags = models.JSONField(default=list)

    personal = declare(
        "id shortlist person slot rank",
        score=personal("whom to talk to", LISTED, erase=Erase.DELETE_ROW),
        low=personal("whom to talk to", LISTED, erase=Erase.DELETE_ROW, export=False),
        high=personal("whom to talk to", LISTED, erase=Erase.DELETE_ROW, export=False),
        reasons=personal("whom to talk to", LISTED, erase=Erase.DELETE_ROW),
        flags=personal("whom to talk to", LISTED, erase=Erase.DELETE_ROW, export=False),
    )

    class Meta:
        constraints = (models.UniqueConstraint("shortlist", "person", name="listed_once"),)


class Poll(models.Model):
    """A question about what members want, or a pre-order; it closes and is then answered by `answer_by`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=[(one.value, POLL_LABELS[one][0]) for one in PollKind])
    title = models.CharField(max_length=40)
    about = models.CharField(max_length=300, default="", blank=True)
    options = models.JSONField()
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    price_fen = models.PositiveIntegerField(null=True)
    least = models.PositiveIntegerField(null=True)
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answer = models.CharField(max_length=300, default="", blank=True)
    made = models.BooleanField(null=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    simulated = models.BooleanField(default=False)

    personal = declare(
        "id public_id kind title about options store price_fen least opened_by opened_at closes_at answer_by answer made"
        " answered_by answered_at simulated"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(answer_by__gt=F("closes_at"), closes_at__gt=F("opened_at")),
                name="poll_ends_in_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="", made=None)
                | (Q(answered_at__isnull=False, made__isnull=False) & ~Q(answer="")),
                name="poll_answer_has_words",
            ),
        )
        indexes = (
            models.Index(fields=["answer_by", "id"], name="poll_waiting", condition=Q(answered_at=None)),
        )


class PollVote(models.Model):
    """One member's choice, changeable until it closes."""

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    option = models.PositiveSmallIntegerField()
    count = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()

    personal = declare(
        "id poll person",
        option=personal("what members want", "until answered, then as a figure", erase=Erase.DELETE_ROW),
        count=personal("what members want", "until answered, then as a figure", erase=Erase.DELETE_ROW),
        at=personal("what members want", "until answered, then as a figure", erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("poll", "person", name="poll_one_vote_each"),
            models.CheckConstraint(condition=Q(count__gte=1), name="poll_counts_from_one"),
        )


class Pool(models.Model):
    """A sum that is shared by points for deeds of a stretch of days; `points` (deed → weight) stand before the first of them."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=40)
    pool_fen = models.BigIntegerField()
    points = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    published_by = models.CharField(max_length=80)
    published_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=80, default="", blank=True)
    back_fen = models.BigIntegerField(default=0)

    personal = declare(
        "id public_id title pool_fen points since until published_by published_at settled_at settled_by back_fen"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(pool_fen__gt=0, until__gt=F("since"), since__gte=F("published_at")),
                name="pool_points_stand_before",
            ),
        )


class PoolShare(models.Model):
    """What one member got of a pool: points and whole fen. Append-only."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveIntegerField()
    fen = models.BigIntegerField()
    at = models.DateTimeField()

    personal = declare(
        "id pool person",
        points=personal("sharing by points", BOOKS, erase=Erase.KEEP),
        fen=personal("sharing by points", BOOKS, erase=Erase.KEEP),
        at=personal("sharing by points", BOOKS, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("pool", "person", name="pool_shared_once"),
            models.CheckConstraint(condition=Q(fen__gte=0), name="pool_share_is_a_gift"),
        )
