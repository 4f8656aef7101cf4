"""Which part of a sale is margin, dated; payouts of thanks and shares, with a line for each person."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.amplify.terms_sharing import PAYOUT_LABELS, PERMILLE_MOST, PayoutState
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer

BOOKS = "kept for the books without the person: an opaque number after erasure"


class MarginRule(models.Model):
    """From a day on: thousandths of a sale that are margin, of articles with a high margin and of all others. Append-only."""

    since = models.DateField(unique=True)
    high_permille = models.PositiveSmallIntegerField()
    other_permille = models.PositiveSmallIntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id since high_permille other_permille by at")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(other_permille__gte=1)
                & Q(high_permille__gte=F("other_permille"))
                & Q(high_permille__lte=PERMILLE_MOST),
                name="margin_is_a_part",
            ),
        )


class Payout(models.Model):
    """What is owed to members at one moment, drawn up by one person and approved by another where it is much."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=9, choices=[(one.value, PAYOUT_LABELS[one][0]) for one in PayoutState]
    )
    fen = models.BigIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    drawn_by = models.CharField(max_length=80)
    drawn_at = models.DateTimeField()
    approved_by = models.CharField(max_length=80, default="", blank=True)
    approved_at = models.DateTimeField(null=True)
    paid_by = models.CharField(max_length=80, default="", blank=True)
    paid_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=60, default="", blank=True)
    cancelled_by = models.CharField(max_length=80, default="", blank=True)
    cancelled_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id state fen people drawn_by drawn_at approved_by approved_at paid_by paid_at reference"
        " cancelled_by cancelled_at"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="drawn_up"), name="payout_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "paid"]) | Q(approved_at__isnull=False),
                name="payout_paid_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at=None)),
                name="payout_paid_says_when",
            ),
        )
        indexes = (models.Index(fields=["-drawn_at"], name="payout_newest"),)


class PayoutLine(models.Model):
    """One person's sum: all thanks and shares until then, less all that was paid before. Append-only."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    thanks_fen = models.BigIntegerField()
    shares_fen = models.BigIntegerField()
    before_fen = models.BigIntegerField()
    fen = models.BigIntegerField()

    personal = declare(
        "id payout person",
        thanks_fen=personal("paying thanks and shares", BOOKS, erase=Erase.KEEP),
        shares_fen=personal("paying thanks and shares", BOOKS, erase=Erase.KEEP),
        before_fen=personal("paying thanks and shares", BOOKS, erase=Erase.KEEP),
        fen=personal("paying thanks and shares", BOOKS, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("payout", "person", name="payout_one_line_each"),
            models.CheckConstraint(
                condition=Q(fen__gt=0, fen=F("thanks_fen") + F("shares_fen") - F("before_fen")),
                name="payout_line_adds_up",
            ),
        )
