"""Codes of members, friends who named who brought them, and the ledger of what that was worth."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.amplify.models.teachers import Teacher
from tongxin.amplify.terms_referrals import REFERRAL_LABELS, Part, ReferralState, ThanksSide
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store

BOOKS = "kept for the books without the person: an opaque number after erasure"
FRAUD = "180 days after the decision"


class ReferralCode(models.Model):
    """The code by which a member's friends name them. `devices` are keyed hashes of browsers the member showed it on."""

    person = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=8, unique=True)
    devices = models.JSONField(default=list, blank=True)
    made_at = models.DateTimeField()

    personal = declare(
        "id person",
        code=personal("friends who were brought", "as long as the membership", erase=Erase.DELETE_ROW),
        devices=personal("stopping fraud", FRAUD, erase=Erase.DELETE_ROW, export=False),
        made_at=personal("friends who were brought", "as long as the membership", erase=Erase.DELETE_ROW),
    )


class Referral(models.Model):
    """One friend brought by one member or by a teacher's page; a colleague who teaches is named and never paid.

    `terms` are the published numbers as they were when the friend came.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    referrer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, null=True, related_name="+")
    invitee = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="+")
    assist = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(
        max_length=9, choices=[(one.value, REFERRAL_LABELS[one][0]) for one in ReferralState]
    )
    terms = models.JSONField()
    device = models.CharField(max_length=64, default="", blank=True)
    flags = models.JSONField(default=list, blank=True)
    named_at = models.DateTimeField()
    bought_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)
    reason = models.CharField(max_length=200, default="", blank=True)

    personal = declare(
        "id public_id teacher terms decided_by",
        referrer=personal("friends who were brought", BOOKS, erase=Erase.KEEP, export=False),
        invitee=personal("friends who were brought", BOOKS, erase=Erase.KEEP, export=False),
        assist=personal("friends who were brought", BOOKS, erase=Erase.KEEP, export=False),
        store=personal("friends who were brought", BOOKS, erase=Erase.KEEP),
        state=personal("friends who were brought", BOOKS, erase=Erase.KEEP),
        device=personal("stopping fraud", FRAUD, export=False),
        flags=personal("stopping fraud", FRAUD, export=False),
        named_at=personal("friends who were brought", BOOKS, erase=Erase.KEEP),
        bought_on=personal("friends who were brought", BOOKS),
        due_on=personal("friends who were brought", BOOKS),
        decided_at=personal("friends who were brought", BOOKS, erase=Erase.KEEP),
        reason=personal("why a friend does not count", BOOKS),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(referrer=F("invitee")), name="referral_two_people"),
            models.CheckConstraint(
                condition=Q(referrer__isnull=False) | Q(teacher__isnull=False), name="referral_of_somebody"
            ),
            models.CheckConstraint(
                condition=Q(assist=None) | (~Q(assist=F("invitee")) & ~Q(assist=F("referrer"))),
                name="referral_assist_is_a_third",
            ),
        )
        indexes = (
            models.Index(fields=["referrer", "-id"], name="referral_of"),
            models.Index(fields=["assist"], name="referral_assisted", condition=Q(assist__isnull=False)),
            models.Index(fields=["state", "id"], name="referral_by_state"),
        )


class RewardEntry(models.Model):
    """One line of the ledger, in whole fen: earned (positive) or taken back (negative). Append-only."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=6, choices=[(one.value, one.value) for one in Part])
    kind = models.CharField(max_length=10, choices=[(one.value, one.value) for one in ThanksSide])
    fen = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare(
        "id referral by",
        person=personal("thanks for friends", BOOKS, erase=Erase.KEEP, export=False),
        part=personal("thanks for friends", BOOKS, erase=Erase.KEEP),
        kind=personal("thanks for friends", BOOKS, erase=Erase.KEEP),
        fen=personal("thanks for friends", BOOKS, erase=Erase.KEEP),
        at=personal("thanks for friends", BOOKS, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="earned", fen__gt=0) | Q(kind="taken_back", fen__lt=0),
                name="reward_sign_by_kind",
            ),
        )
        indexes = (models.Index(fields=["person", "-id"], name="reward_of"),)
