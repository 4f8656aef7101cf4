"""Instance, use, actual cost, warning, step report."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import declare
from tongxin.kits.models.kits import Kit, Recall, Version
from tongxin.kits.terms import Standing
from tongxin.stores.models import Store


class Instance(models.Model):
    """A store took a version for an event or a series, named by (room, kind, key), and changed what it may.

    `version` is the parent it knows, `overrides` path → the store's own value, `revision` for two people editing.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kit = models.ForeignKey(Kit, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    room = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=120)
    overrides = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    adopted_by = models.CharField(max_length=80)
    adopted_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    personal = declare(
        "id public_id kit version store room kind key overrides revision adopted_by adopted_at changed_at"
    )

    class Meta:
        constraints = (models.UniqueConstraint("room", "key", name="kit_instance_of_a_thing_once"),)
        indexes = (models.Index(fields=["kit", "store"], name="kit_instance_by_kit"),)


class Use(models.Model):
    """One event that a kit is, or was, used for: with the version and the values that held for it.

    `fixed_at` says since when they do not follow the instance any more (it opened for registration), `warmed_at` that its copy was
    planned; once held, PostgreSQL lets nobody change them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    room = models.CharField(max_length=32)
    key = models.CharField(max_length=120)
    overrides = models.JSONField(default=dict)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    standing = models.CharField(
        max_length=10, choices=[(word.value, word.value) for word in Standing], default=Standing.PLANNED
    )
    fixed_at = models.DateTimeField(null=True)
    warmed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id instance version store room key overrides starts_at ends_at standing fixed_at warmed_at"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("room", "key", name="kit_use_of_an_event_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="kit_use_forwards"),
        )
        indexes = (
            models.Index(fields=["version", "standing"], name="kit_use_by_version"),
            models.Index(fields=["store", "-starts_at"], name="kit_use_by_store"),
            models.Index(
                fields=["starts_at"], name="kit_use_to_warm", condition=Q(standing="open", warmed_at=None)
            ),
        )


class Actual(models.Model):
    """What a material really came to at one event, beside what was planned."""

    use = models.ForeignKey(Use, on_delete=models.PROTECT, related_name="+", db_index=False)
    material = models.CharField(max_length=24)
    quantity = models.PositiveIntegerField()
    fen = models.PositiveIntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id use material quantity fen by at")

    class Meta:
        constraints = (models.UniqueConstraint("use", "material", name="kit_actual_once"),)


class RecallWarning(models.Model):
    """The champion of a store is told that the kit of an event which is open or running was recalled."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="+", db_index=False)
    use = models.ForeignKey(Use, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare("id public_id recall use store at seen_at seen_by")

    class Meta:
        constraints = (models.UniqueConstraint("recall", "use", name="kit_warning_once"),)
        indexes = (models.Index("store", name="kit_warning_open", condition=Q(seen_at=None)),)


class StepReport(models.Model):
    """“这一步在我店行不通”: a step of a version that does not work in a store, and what headquarters answered."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=60)
    sentence = models.CharField(max_length=200, default="", blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    answer = models.CharField(max_length=200, default="", blank=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    answered_at = models.DateTimeField(null=True)

    personal = declare("id public_id version store step sentence by at answer answered_by answered_at")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "version", "store", "step", name="kit_step_reported_once", condition=Q(answered_at=None)
            ),
        )
        indexes = (models.Index(fields=["version", "step"], name="kit_report_by_step"),)
