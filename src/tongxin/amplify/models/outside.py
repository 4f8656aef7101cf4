"""Other people's communities: who of ours is inside, what a week looked like, deals with their placements and weeks, talents found.

Of the people in there nothing is kept but counts; the host is a partner in business, and a talent is a member of ours who agreed.
"""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.amplify.terms_outside import (
    COUNTS,
    DEAL_LABELS,
    DEAL_STATES,
    INSIDE_LABELS,
    NEARNESS_LABELS,
    PLATFORM_LABELS,
    DealKind,
    DealState,
    Inside,
    Nearness,
    Platform,
)
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer
from tongxin.stores.models import Staff, Store

HOST = "as long as we are in touch, then 90 days"
FOUND = "until the person takes it back"


class OutsideCommunity(models.Model):
    """A community that somebody else keeps: where it lives, how many it says it has, how near we are."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=60, unique=True)
    platform = models.CharField(
        max_length=12, choices=[(one.value, PLATFORM_LABELS[one][0]) for one in Platform]
    )
    about = models.CharField(max_length=200)
    claimed = models.PositiveIntegerField()
    host = EncryptedText(default="", blank=True, context="amplify.outside_host")
    state = models.CharField(
        max_length=8,
        choices=[(one.value, NEARNESS_LABELS[one][0]) for one in Nearness],
        default=Nearness.WATCHED,
    )
    simulated = models.BooleanField(default=False)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id public_id store name platform about claimed state simulated by at",
        host=personal("reaching who keeps the community", HOST, export=False),
    )


class OutsidePresence(models.Model):
    """A colleague inside somebody else's community, and since when its host knows."""

    community = models.ForeignKey(
        OutsideCommunity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=8, choices=[(one.value, INSIDE_LABELS[one][0]) for one in Inside])
    told_on = models.DateField()
    told_how = models.CharField(max_length=80)
    since = models.DateField()
    until = models.DateField(null=True)
    by = models.CharField(max_length=80)

    personal = declare(
        "id community by",
        staff=personal("who of ours is inside", "while employed", erase=Erase.KEEP, export=False),
        role=personal("who of ours is inside", "while employed", erase=Erase.KEEP, export=False),
        told_on=personal("who of ours is inside", "while employed", erase=Erase.KEEP, export=False),
        told_how=personal("who of ours is inside", "while employed", erase=Erase.KEEP, export=False),
        since=personal("who of ours is inside", "while employed", erase=Erase.KEEP, export=False),
        until=personal("who of ours is inside", "while employed", erase=Erase.KEEP, export=False),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "community", "staff", name="outside_inside_once", condition=Q(until=None)
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="outside_inside_forwards"
            ),
        )


class OutsideObservation(models.Model):
    """Counts of one week. Corrected by writing the week again, with the trail."""

    community = models.ForeignKey(
        OutsideCommunity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    week = models.DateField()
    active = models.PositiveIntegerField()
    posts = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField(default=0)
    on_topic = models.PositiveIntegerField(default=0)
    unsafe = models.PositiveIntegerField(default=0)
    joined = models.PositiveIntegerField(default=0)
    burst = models.PositiveIntegerField(default=0)
    questions = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    sampled = models.PositiveIntegerField(default=0)
    in_target = models.PositiveIntegerField(default=0)
    ours = models.PositiveIntegerField(default=0)
    first = models.PositiveIntegerField(default=0)
    second = models.PositiveIntegerField(default=0)
    both = models.PositiveIntegerField(default=0)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(f"id community week by at {' '.join(COUNTS)}")

    class Meta:
        constraints = (
            models.UniqueConstraint("community", "week", name="outside_week_once"),
            models.CheckConstraint(
                condition=Q(
                    repeated__lte=F("posts"), on_topic__lte=F("posts"), unsafe__lte=F("posts"), burst__lte=F("joined"),
                    answered__lte=F("questions"), in_target__lte=F("sampled"), ours__lte=F("sampled"),
                    both__lte=F("first"),
                ),
                name="outside_parts_of_wholes",
            ),
        )  # fmt: skip


class OutsideDeal(models.Model):
    """What we pay for how long: a base and so much for each join that was kept, to a cap. `ceiling_fen` is what it was worth on the day."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(OutsideCommunity, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=[(one.value, DEAL_LABELS[one][0]) for one in DealKind])
    state = models.CharField(
        max_length=8,
        choices=[(one.value, DEAL_STATES[one][0]) for one in DealState],
        default=DealState.PRICED,
    )
    base_fen = models.BigIntegerField()
    per_join_fen = models.BigIntegerField()
    most_joins = models.PositiveIntegerField()
    value_fen = models.BigIntegerField()
    value_from = models.CharField(max_length=80)
    run_fen = models.BigIntegerField(default=0)
    ceiling_fen = models.BigIntegerField()
    code = models.CharField(max_length=32, unique=True)
    weeks = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    paid_joins = models.PositiveIntegerField(default=0)
    envelope = models.UUIDField()
    commitment = models.UUIDField(null=True)
    priced_by = models.CharField(max_length=80)
    priced_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=80, default="", blank=True)
    agreed_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="", blank=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="", blank=True)

    personal = declare(
        "id public_id community kind state base_fen per_join_fen most_joins value_fen value_from run_fen ceiling_fen code weeks"
        " starts_on paid_joins envelope commitment priced_by priced_at agreed_by agreed_at ended_by ended_at reason"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    base_fen__gte=0,
                    per_join_fen__gt=0,
                    most_joins__gt=0,
                    value_fen__gt=0,
                    run_fen__gte=0,
                    weeks__gt=0,
                ),
                name="outside_deal_of_something",
            ),
            models.CheckConstraint(
                condition=Q(ceiling_fen__gte=F("base_fen") + F("per_join_fen") * F("most_joins")),
                name="outside_deal_within_ceiling",
            ),
            models.CheckConstraint(
                condition=Q(paid_joins__lte=F("most_joins")), name="outside_joins_within_cap"
            ),
            models.CheckConstraint(
                condition=Q(state="priced") | ~Q(agreed_by=F("priced_by")), name="outside_deal_two_persons"
            ),
            models.UniqueConstraint(
                "community", name="outside_deal_one_at_a_time", condition=Q(state__in=["priced", "running"])
            ),
        )


class OutsidePlacement(models.Model):
    """Something of ours that was shown there, and where one can see that it was."""

    deal = models.ForeignKey(OutsideDeal, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=80)
    shown_on = models.DateField()
    proof = models.CharField(max_length=200, default="", blank=True)
    by = models.CharField(max_length=80)

    personal = declare("id deal what shown_on proof by")


class OutsideWeek(models.Model):
    """A week of a deal: people reached and complaints as they were counted, joins by the deal's own code as we counted them."""

    deal = models.ForeignKey(OutsideDeal, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    reached = models.PositiveIntegerField()
    joined = models.PositiveIntegerField()
    complaints = models.PositiveIntegerField(default=0)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id deal number reached joined complaints by at")

    class Meta:
        constraints = (
            models.UniqueConstraint("deal", "number", name="outside_deal_week_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="outside_deal_week_counts"),
        )


class OutsideTalent(models.Model):
    """A member of ours found in somebody else's community who would like to do something with us, and said so."""

    community = models.ForeignKey(
        OutsideCommunity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=80)
    agreed_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare(
        "id community person by",
        what=personal("doing something together", FOUND, erase=Erase.DELETE_ROW),
        agreed_at=personal("doing something together", FOUND, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("community", "person", name="outside_talent_once"),)
