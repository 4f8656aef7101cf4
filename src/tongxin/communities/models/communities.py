"""Community, its gates, its containers, and after which events it is offered."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.communities.terms import ContainerKind, Stage, State
from tongxin.foundation.personal import declare
from tongxin.people.models import Subject
from tongxin.stores.models import Brand, Staff, Store


def words(enum: type) -> list[tuple[str, str]]:
    """A plain enum as choices of a column."""
    return [(word.value, word.value) for word in enum]  # type: ignore[attr-defined]  # any StrEnum


class Community(models.Model):
    """People around a job to be done. Without a store it belongs to the whole brand.

    `purpose` holds who, when, wants, so_that and proof; `shared` the values, goals, needs and interests; `rituals` what comes
    again and again. `version` is for two people editing; `stage` and `warnings` are what the newest daily count says.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    slogan = models.CharField(max_length=60, default="", blank=True)
    emblem = models.CharField(max_length=40, default="", blank=True)
    kind = models.CharField(max_length=24, default="", blank=True)
    purpose = models.JSONField(default=dict)
    shared = models.JSONField(default=dict)
    rituals = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=words(State), default=State.DRAFT)
    stage = models.CharField(max_length=8, choices=words(Stage), default=Stage.SEED)
    warnings = models.JSONField(default=list)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, default="", blank=True)
    simulated = models.BooleanField(default=False)

    personal = declare(
        "id public_id brand store name slogan emblem kind purpose shared rituals state stage warnings subject version"
        " made_by made_at opened_at closed_at close_reason simulated"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "brand", "name", name="community_name_once", condition=~Q(state="closed")
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(opened_at__isnull=False), name="community_open_has_date"
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at=None)),
                name="community_closed_has_date",
            ),
        )
        indexes = (models.Index(fields=["store", "state"], name="community_by_store"),)


class GateRow(models.Model):
    """One gate of a community, with its settings. All of them must be passed, in this order."""

    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+", db_index=False)
    place = models.PositiveSmallIntegerField()
    gate = models.CharField(max_length=16)
    settings = models.JSONField(default=dict)

    personal = declare("id community place gate settings")

    class Meta:
        constraints = (
            models.UniqueConstraint("community", "gate", name="gate_once"),
            models.UniqueConstraint("community", "place", name="gate_place_once"),
        )


class Container(models.Model):
    """Where people of a community meet: a group of WeCom, our own pages, Xiaohongshu, Douban, a room."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    keeper = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12, choices=words(ContainerKind))
    external_id = models.CharField(max_length=120, default="", blank=True)
    name = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    personal = declare("id public_id community store keeper kind external_id name since until")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "kind",
                "external_id",
                name="container_once",
                condition=~Q(external_id="") & Q(until=None),
            ),
        )


class FollowUp(models.Model):
    """After which things of upper rooms this community is offered: a (room, kind, key), such as events, format, class."""

    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="+", db_index=False)
    room = models.CharField(max_length=32)
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=120)

    personal = declare("id community room kind key")

    class Meta:
        constraints = (models.UniqueConstraint("community", "room", "kind", "key", name="follow_up_once"),)
        indexes = (models.Index(fields=["room", "kind", "key"], name="follow_up_after"),)
