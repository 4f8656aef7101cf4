"""Check list, check answer, settled concern, suggested invitation, ticked step, training, hand-over. Triggers stand in the migrations."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tongxin.champions.terms import INVITES_MOST, CheckWord, InviteReason, Outcome
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.kits.models import Use
from tongxin.people.models import Customer
from tongxin.stores.models import Brand, Grant, Store

SUGGESTED = "a year"


class CheckList(models.Model):
    """The items of the daily check from a day on. Append-only: a mended list is a new one with the next number."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    since = models.DateField()
    items = models.JSONField()
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()

    personal = declare("id public_id brand number since items made_by made_at")

    class Meta:
        constraints = (
            models.UniqueConstraint("brand", "number", name="checklist_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="checklist_numbers_from_one"),
        )


class CheckAnswer(models.Model):
    """What a champion said to one item of a store's day. Append-only: a correction of the same day is a row that `corrects`.

    A day on which nobody answered has no row. `list` is the number of the list that held (0: the shipped one).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    list = models.PositiveIntegerField()
    item = models.CharField(max_length=24)
    answer = models.CharField(max_length=10, choices=[(word.value, word.value) for word in CheckWord])
    sentence = models.CharField(max_length=200, default="", blank=True)
    photo = models.UUIDField(null=True)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id public_id store day list item answer sentence photo corrects by at")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "store", "day", "item", name="check_first_answer_once", condition=Q(corrects=None)
            ),
            models.CheckConstraint(condition=Q(answer__in=list(CheckWord)), name="check_answer_known"),
        )
        indexes = (
            models.Index(fields=["store", "-day"], name="check_by_store"),
            models.Index(fields=["-id"], name="check_concern", condition=Q(answer="no") & ~Q(sentence="")),
        )


class ConcernAnswer(models.Model):
    """What headquarters answered to a no with a sentence."""

    concern = models.OneToOneField(CheckAnswer, on_delete=models.PROTECT, related_name="+")
    reply = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id concern reply by at")


class Invite(models.Model):
    """Somebody whom a store was told to invite on a day, and why. The same person is named at most once in four weeks (0001)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    place = models.PositiveSmallIntegerField()
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=8, choices=[(word.value, word.value) for word in InviteReason])
    facts = models.JSONField(default=dict)
    picked_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=8, choices=[(word.value, word.value) for word in Outcome], default="", blank=True
    )
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare(
        "id public_id store place picked_at done_by",
        day=personal("when somebody was to be invited", SUGGESTED, erase=Erase.DELETE_ROW),
        person=personal("whom to invite", SUGGESTED, erase=Erase.DELETE_ROW, export=False),
        why=personal("why somebody was to be invited", SUGGESTED, erase=Erase.DELETE_ROW),
        facts=personal("why somebody was to be invited", SUGGESTED, erase=Erase.DELETE_ROW),
        outcome=personal("what became of the invitation", SUGGESTED, erase=Erase.DELETE_ROW),
        done_at=personal("what became of the invitation", SUGGESTED, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("store", "day", "place", name="invite_place_once"),
            models.CheckConstraint(
                condition=Q(place__gte=1, place__lte=INVITES_MOST), name="invite_three_a_day"
            ),
        )


class StepDone(models.Model):
    """A step of a kit's checklist that a store ticked for one event. `day` is the step's day beside the event, as the version has it."""

    use = models.ForeignKey(Use, on_delete=models.PROTECT, related_name="+", db_index=False)
    step = models.CharField(max_length=24)
    day = models.SmallIntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id use step day by at")

    class Meta:
        constraints = (models.UniqueConstraint("use", "step", name="step_done_once"),)


class TrainingTick(models.Model):
    """A champion has read one item of a version of the training card."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    version = models.PositiveSmallIntegerField()
    item = models.CharField(max_length=24)
    at = models.DateTimeField()

    personal = declare("id account version item at")

    class Meta:
        constraints = (models.UniqueConstraint("account", "version", "item", name="training_read_once"),)


class TrainingSign(models.Model):
    """Who taught a champion a version of the card, and when that was signed. Append-only."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    version = models.PositiveSmallIntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id account version by at")

    class Meta:
        constraints = (models.UniqueConstraint("account", "version", name="training_signed_once"),)


class Handover(models.Model):
    """A champion's grant ended, and what went to whom. `handed` lists kinds and keys, never a member's words."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="+")
    leaver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    successor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    last_day = models.DateField()
    ends_at = models.DateTimeField()
    handed = models.JSONField(default=list)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)

    personal = declare("id public_id store grant leaver successor last_day ends_at handed by at received_at")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(successor=None) | ~Q(successor=models.F("leaver")), name="handover_to_another"
            ),
        )
        indexes = (models.Index(fields=["store", "-id"], name="handover_by_store"),)
