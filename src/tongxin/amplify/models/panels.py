"""Panels with their seats, trials with their answers, ideas with every step they took."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.amplify.terms_panels import SEAT_LABELS, STAGE_LABELS, ItemKind, SeatState, Stage
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store

SAID = "until the member takes it back or the account is erased"
PROOF = "kept without the person: proof of what was agreed"
FIGURES = "kept as a figure, without the person"


class Panel(models.Model):
    """Members who try things first and are answered. `confidential` is what they agree to keep to themselves."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=40)
    about = models.CharField(max_length=300)
    confidential = models.CharField(max_length=300)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    seats = models.PositiveSmallIntegerField()
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    simulated = models.BooleanField(default=False)

    personal = declare(
        "id public_id name about confidential store seats opened_by opened_at closed_at simulated"
    )

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(seats__gte=1), name="panel_has_seats"),)


class PanelSeat(models.Model):
    """One member's time on a panel: why they were asked, what they agreed to, until when."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=[(one.value, SEAT_LABELS[one][0]) for one in SeatState])
    why = models.CharField(max_length=120, default="", blank=True)
    invited_by = models.CharField(max_length=80)
    invited_at = models.DateTimeField()
    until = models.DateTimeField()
    confidential = models.CharField(max_length=24, default="", blank=True)
    agreed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id panel person invited_by confidential",
        state=personal("the panel", PROOF, erase=Erase.KEEP),
        why=personal("telling the member why", SAID),
        invited_at=personal("the panel", PROOF, erase=Erase.KEEP),
        until=personal("the panel", PROOF, erase=Erase.KEEP),
        agreed_at=personal("the panel", PROOF, erase=Erase.KEEP),
        ended_at=personal("the panel", PROOF, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["panel", "person"],
                condition=Q(state__in=["invited", "taken"]),
                name="seat_live_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="taken") | (Q(agreed_at__isnull=False) & ~Q(confidential="")),
                name="seat_taken_has_agreed",
            ),
        )
        indexes = (models.Index(fields=["panel", "state"], name="seat_of_panel"),)


class Trial(models.Model):
    """A product to be tried by a panel: what to look at, as questions that are scored, and by when."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=40)
    about = models.CharField(max_length=300, default="", blank=True)
    questions = models.JSONField()
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()

    personal = declare("id public_id panel product about questions opened_by opened_at until")


class TrialAnswer(models.Model):
    """What one seat scored. Their words are an item of their own, so that they are answered."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="+", db_index=False)
    seat = models.ForeignKey(PanelSeat, on_delete=models.PROTECT, related_name="+")
    scores = models.JSONField()
    at = models.DateTimeField()

    personal = declare(
        "id trial seat",
        scores=personal("trying products", FIGURES, erase=Erase.KEEP),
        at=personal("trying products", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (models.UniqueConstraint("trial", "seat", name="trial_answered_once"),)


class Item(models.Model):
    """An idea or a piece of feedback on its way. `answer` is the newest word to its author; `credit` the name they agreed to."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=[(one.value, one.value) for one in ItemKind])
    stage = models.CharField(
        max_length=8, choices=[(one.value, STAGE_LABELS[one][0]) for one in Stage], default="new"
    )
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, null=True, related_name="+")
    words = models.CharField(max_length=500)
    answer = models.CharField(max_length=500, default="", blank=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    product = models.CharField(max_length=40, default="", blank=True)
    credit = models.CharField(max_length=24, default="", blank=True)
    given_at = models.DateTimeField()
    due_at = models.DateTimeField()

    personal = declare(
        "id public_id kind stage store trial answered_by product due_at",
        person=personal("whose idea it is", FIGURES, erase=Erase.KEEP, export=False),
        words=personal("making things together", SAID),
        answer=personal("answering the member", SAID),
        answered_at=personal("answering the member", FIGURES, erase=Erase.KEEP),
        credit=personal("the name the member agreed to", SAID),
        given_at=personal("making things together", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(stage="new") | Q(answered_at__isnull=False), name="item_moves_with_an_answer"
            ),
            models.CheckConstraint(
                condition=~Q(stage="product") | ~Q(product=""), name="item_product_is_named"
            ),
        )
        indexes = (
            models.Index(fields=["due_at", "id"], name="item_waiting", condition=Q(stage="new")),
            models.Index(fields=["-given_at", "-id"], name="item_newest"),
        )


class ItemStep(models.Model):
    """One step of an item: from where to where, when, by whom. Append-only; words stand on the item, where an erasure reaches them."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    before = models.CharField(max_length=8)
    after = models.CharField(max_length=8)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id item before after by at")
