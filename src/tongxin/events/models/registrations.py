"""Registration, participant, what happened on the waiting list."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.events.models.occurrences import Occurrence, Pool, Series, words
from tongxin.events.terms import LIVE, SEATED, Seat, WaitNote
from tongxin.foundation.personal import Erase, child, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer

HISTORY = "as long as the membership"
FIGURES = "kept for the figures without the person: an opaque number after erasure"
ENTRANTS = f"{FIGURES}; who got no seat in a draw: two years after it"


class Pass(models.Model):
    """Several occurrences of a series taken together: one act, one registration each."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()
    given_back_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id person",
        series=personal("the course somebody takes", FIGURES, erase=Erase.KEEP),
        taken_at=personal("the course somebody takes", FIGURES, erase=Erase.KEEP),
        given_back_at=personal("the course somebody takes", FIGURES, erase=Erase.KEEP),
    )


class Registration(models.Model):
    """A person's place (or wish for one) at an occurrence. At most one live one a person.

    `party` counts the person and who comes along. `ticket` is what the static part of the QR code names; a new one makes
    the old code worthless. `number` is the place in the line in the order of arrival, dense within the pool.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    taken_pass = models.ForeignKey(
        Pass, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=words(Seat))
    party = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveIntegerField(null=True)
    priority = models.SmallIntegerField(default=0)
    answers = EncryptedText(context="registration.answers", default="", blank=True)
    channel = models.CharField(max_length=24, default="", blank=True)
    ticket = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    walk_in = models.BooleanField(default=False)
    offered_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    registered_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40, default="", blank=True)

    personal = declare(
        "id public_id occurrence person pool taken_pass ticket priority version decided_by",
        state=personal("the member's own events", ENTRANTS, erase=Erase.KEEP),
        party=personal("the member's own events", ENTRANTS, erase=Erase.KEEP),
        number=personal("the place in the line", FIGURES, erase=Erase.KEEP),
        answers=sensitive("running the event", "30 days after the event"),
        channel=personal("where registrations come from", FIGURES, erase=Erase.KEEP),
        walk_in=personal("the member's own events", FIGURES, erase=Erase.KEEP),
        offered_until=personal("the place in the line", FIGURES, erase=Erase.KEEP),
        registered_at=personal("the member's own events", ENTRANTS, erase=Erase.KEEP),
        decided_at=personal("the member's own events", FIGURES, erase=Erase.KEEP),
        ended_at=personal("the member's own events", FIGURES, erase=Erase.KEEP),
        reason=personal("why a registration ended", HISTORY),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person", "occurrence"],
                name="registration_live_once",
                condition=Q(state__in=[s.value for s in LIVE]),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[s.value for s in SEATED]) | Q(pool__isnull=False),
                name="registration_seat_has_pool",
            ),
        )
        indexes = (
            models.Index(fields=["occurrence", "state", "number", "id"], name="registration_by_state"),
            models.Index(fields=["person", "-registered_at"], name="registration_by_person"),
            models.Index("offered_until", name="registration_offers", condition=Q(state="offered")),
        )


class Participant(models.Model):
    """A child who comes along with a registration: which companion, and what the kitchen must know. Goes thirty days after.

    Nickname and age stand with the companion under its guardian (`people`), in one place.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+")
    companion = models.UUIDField()
    allergy = EncryptedText(context="participant.allergy", default="", blank=True)
    delete_on = models.DateField()

    personal = declare(
        "id registration",
        companion=child("who comes along", "30 days after the event"),
        allergy=child("safety at the event", "30 days after the event"),
        delete_on=child("when this row goes", "30 days after the event"),
    )

    class Meta:
        constraints = (models.UniqueConstraint("registration", "companion", name="participant_once"),)
        indexes = (models.Index("delete_on", name="participant_going"),)


class WaitLine(models.Model):
    """Something that happened to somebody on a waiting list, with the reason. Append-only; both sides read it."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=16, choices=words(WaitNote))
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    seats = models.PositiveSmallIntegerField(default=0)

    personal = declare(
        "id registration by",
        note=personal("why a seat went to somebody or not", FIGURES, erase=Erase.KEEP),
        at=personal("why a seat went to somebody or not", FIGURES, erase=Erase.KEEP),
        seats=personal("why a seat went to somebody or not", FIGURES, erase=Erase.KEEP),
    )
