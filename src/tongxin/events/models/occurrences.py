"""Series, occurrence, pool, booking."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.events.terms import Admission, Kind, State
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer, Subject
from tongxin.stores.models import Staff, Store, StoreResource

PROGRAMME = "kept with the programme, without the person"


def words(enum: type) -> list[tuple[str, str]]:
    """A plain enum as choices of a column."""
    return [(word.value, word.value) for word in enum]  # type: ignore[attr-defined]  # any StrEnum


class Series(models.Model):
    """What makes occurrences again and again: a rule of repetition, themes and hosts that rotate, and what each one starts from.

    `rule` is an RRULE (RFC 5545); `holidays` says what becomes of a date on a holiday or a swapped working day. `rotation` is
    the turn of the first date (a series that was split goes on where the old one stopped), `planned_to` the last day with rows.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=words(Kind))
    format = models.CharField(max_length=24)
    title = models.CharField(max_length=80)
    rule = models.CharField(max_length=200)
    starts_on = models.DateField()
    until = models.DateField(null=True)
    start_time = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    holidays = models.CharField(max_length=12, default="skip")
    themes = models.JSONField(default=list)
    hosts = models.JSONField(default=list)
    defaults = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    split_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    rotation = models.PositiveIntegerField(default=0)
    planned_to = models.DateField(null=True)
    published_at = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id store kind format title rule starts_on until start_time minutes holidays themes hosts defaults"
        " version split_from rotation planned_to published_at made_by made_at ended_at"
    )

    class Meta:
        indexes = (models.Index("store", name="series_by_store"),)


class Occurrence(models.Model):
    """One event at one time in one store (an *event* of the API).

    `version` is for two people editing, `schedule` counts moves (a registration says which one it saw), `sequence` is the
    calendar's. Kit and community are named from below by values.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    original_start = models.DateTimeField(null=True)
    detached = models.BooleanField(default=False)
    kind = models.CharField(max_length=12, choices=words(Kind))
    format = models.CharField(max_length=24)
    title = models.CharField(max_length=80)
    theme = models.CharField(max_length=80, default="", blank=True)
    summary = models.TextField(default="", blank=True)
    place = models.CharField(max_length=120, default="", blank=True)
    online_url = models.URLField(default="", blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=words(State), default=State.DRAFT)
    admission = models.CharField(max_length=12, choices=words(Admission), default=Admission.FIRST_COME)
    party_most = models.PositiveSmallIntegerField(default=1)
    questions = models.JSONField(default=list)
    fee_fen = models.PositiveIntegerField(default=0)
    priced_by = models.CharField(max_length=80, default="", db_default="", blank=True)
    voucher_fen = models.PositiveIntegerField(default=0)
    voucher_days = models.PositiveSmallIntegerField(default=30)
    details = models.JSONField(default=dict)
    host = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    member_host = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    kit = models.CharField(max_length=64, default="", blank=True)
    community = models.BigIntegerField(null=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, null=True, related_name="+")
    draw = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)
    schedule = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, default="", blank=True)
    simulated = models.BooleanField(default=False)

    personal = declare(
        "id public_id store series original_start detached kind format title theme summary place online_url starts_at"
        " ends_at opens_at closes_at state admission party_most questions fee_fen priced_by voucher_fen voucher_days details host"
        " kit community subject draw version schedule sequence made_by made_at published_at changed_at cancelled_at"
        " cancel_reason simulated",
        member_host=personal("who hosts the ritual", PROGRAMME),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="occurrence_forwards"),
            models.UniqueConstraint(
                "series",
                "original_start",
                name="occurrence_once_in_series",
                condition=Q(series__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=["store", "starts_at", "id"], name="occurrence_by_store"),
            models.Index(fields=["starts_at", "id"], name="occurrence_by_time"),
            models.Index(
                fields=["series", "starts_at"], name="occurrence_by_series", condition=Q(series__isnull=False)
            ),
        )


class Pool(models.Model):
    """Seats (or stock) of an occurrence. `audience` "" is for everyone; "ring:middle" or "tag:…" keeps seats until `release_at`.

    taken + held ≤ size at every instant. `opened` and `schedule` repeat the occurrence's, so that one conditional update of
    this row claims a seat and also knows that the event was neither cancelled nor moved.
    """

    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+", db_index=False)
    audience = models.CharField(max_length=60, default="", blank=True)
    size = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    waited = models.PositiveIntegerField(default=0)
    release_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    opened = models.BooleanField(default=False)
    schedule = models.PositiveIntegerField(default=1)

    personal = declare("id occurrence audience size taken held waited release_at released_at opened schedule")

    class Meta:
        constraints = (
            models.UniqueConstraint("occurrence", "audience", name="pool_once"),
            models.CheckConstraint(condition=Q(size__gte=F("taken") + F("held")), name="pool_never_over"),
        )
        indexes = (
            models.Index(
                "release_at", name="pool_to_release", condition=Q(released_at=None, release_at__isnull=False)
            ),
        )


class Booking(models.Model):
    """A room, an oven or a member of staff is taken for an occurrence. Two of one thing never overlap (exclusion constraints).

    `before` and `after` are minutes around the event. One that is not `firm` wishes for what somebody else has: a clash to solve.
    """

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="+")
    resource = models.ForeignKey(StoreResource, on_delete=models.PROTECT, null=True, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    before = models.PositiveSmallIntegerField(default=0)
    after = models.PositiveSmallIntegerField(default=0)
    firm = models.BooleanField(default=True)

    personal = declare("id occurrence resource staff starts_at ends_at before after firm")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(resource__isnull=False, staff=None) | Q(resource=None, staff__isnull=False),
                name="booking_of_one_thing",
            ),
        )


class RitualProposal(models.Model):
    """A member wants to host a ritual; the champion answers."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    format = models.CharField(max_length=24)
    title = models.CharField(max_length=80)
    words = models.TextField(default="", blank=True)
    wished_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    places = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    approved = models.BooleanField(null=True)
    answer = models.CharField(max_length=200, default="", blank=True)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, null=True, related_name="+")

    personal = declare(
        "id public_id person store format minutes places made_at answered_at answered_by approved occurrence",
        title=personal("the ritual somebody wants to host", PROGRAMME, erase=Erase.DELETE_ROW),
        words=personal("the ritual somebody wants to host", PROGRAMME, erase=Erase.DELETE_ROW),
        wished_at=personal("the ritual somebody wants to host", PROGRAMME, erase=Erase.DELETE_ROW),
        answer=personal("what was answered", PROGRAMME, erase=Erase.DELETE_ROW),
    )
