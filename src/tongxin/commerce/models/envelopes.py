"""Budgets: what may be spent for a ring, in a store, on a kit, and what was set aside and spent of it."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.commerce.terms import CommitmentState
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.stores.models import Brand, Staff, Store

WORK = "as long as the books; the name of who worked goes when they leave"


class Envelope(models.Model):
    """An amount for a ring, a store, a kit (or several of them at once) and a period.

    committed + spent ≤ amount + approved at every instant: one conditional UPDATE moves the figures, the constraint repeats it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    ring = models.CharField(max_length=8, default="", blank=True)
    kit = models.CharField(max_length=120, default="", blank=True)
    title = models.CharField(max_length=120)
    opens_on = models.DateField()
    closes_on = models.DateField()
    amount_fen = models.BigIntegerField()
    approved_fen = models.BigIntegerField(default=0)
    committed_fen = models.BigIntegerField(default=0)
    spent_fen = models.BigIntegerField(default=0)
    hour_fen = models.BigIntegerField(default=0)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id public_id brand store ring kit title opens_on closes_on amount_fen approved_fen committed_fen spent_fen"
        " hour_fen by at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(committed_fen__lte=F("amount_fen") + F("approved_fen") - F("spent_fen")),
                name="envelope_not_over",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_fen__gt=0,
                    approved_fen__gte=0,
                    committed_fen__gte=0,
                    spent_fen__gte=0,
                    hour_fen__gte=0,
                ),
                name="envelope_not_negative",
            ),
            models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="envelope_forwards"),
            models.CheckConstraint(
                condition=Q(store__isnull=False) | ~Q(ring="") | ~Q(kit=""), name="envelope_for_something"
            ),
            models.UniqueConstraint(
                F("brand"),
                F("store"),
                F("ring"),
                F("kit"),
                F("opens_on"),
                name="envelope_once",
                nulls_distinct=False,
            ),
        )


class Commitment(models.Model):
    """A part of an envelope set aside for one thing: an event, a sponsorship, a day of work. `left` of it is amount − spent."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="+")
    subject_room = models.CharField(max_length=32)
    subject_key = models.CharField(max_length=120)
    note = models.CharField(max_length=120, default="", blank=True)
    amount_fen = models.BigIntegerField()
    spent_fen = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in CommitmentState])
    version = models.PositiveIntegerField(default=0)
    asked_by = models.CharField(max_length=80)
    asked_account = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, default="", blank=True)
    decided_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id envelope subject_room subject_key note amount_fen spent_fen state version asked_by asked_account"
        " asked_at decided_by decided_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, spent_fen__gte=0), name="commitment_of_something"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["asked", "refused"]) | Q(spent_fen=0),
                name="commitment_unspent_till_held",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(spent_fen__lte=F("amount_fen")),
                name="commitment_held_not_over",
            ),
            models.UniqueConstraint(
                "envelope",
                "subject_room",
                "subject_key",
                name="commitment_once_per_subject",
                condition=~Q(state__in=["refused"]),
            ),
        )
        indexes = (
            models.Index("subject_room", "subject_key", name="commitment_by_subject"),
            models.Index("envelope", name="commitment_asked", condition=Q(state="asked")),
        )


class StaffHours(models.Model):
    """Time somebody of ours worked on a thing, priced on the day it was written down."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    commitment = models.ForeignKey(Commitment, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    worked_on = models.DateField()
    minutes = models.PositiveIntegerField()
    hour_fen = models.BigIntegerField()
    cost_fen = models.BigIntegerField()
    key = models.CharField(max_length=120, unique=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id public_id commitment minutes hour_fen cost_fen key by at",
        staff=personal("what an event cost in work", WORK, erase=Erase.KEEP),
        worked_on=personal("what an event cost in work", WORK, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(minutes__gt=0, cost_fen__gte=0), name="hours_of_something"),
        )
