"""Kit, draft, version, recall, exception of copy, offer. The triggers stand in migration 0001."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import declare
from tongxin.stores.models import Store


class Kit(models.Model):
    """An activity that headquarters cooks for its stores. `code` is what studies and files call it; with `everywhere` every
    store is offered it, otherwise those with an `Offer`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=40)
    everywhere = models.BooleanField(default=False)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()

    personal = declare("id public_id code title everywhere made_by made_at")


class Draft(models.Model):
    """What is being written for the next version. `revision` is for two people editing."""

    kit = models.OneToOneField(Kit, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField()

    personal = declare("id kit content revision changed_by changed_at")


class Version(models.Model):
    """A version as it was released. PostgreSQL lets nobody change or delete it; `hash` is over its content."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kit = models.ForeignKey(Kit, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    hash = models.CharField(max_length=80)
    note = models.CharField(max_length=200, default="", blank=True)
    released_by = models.CharField(max_length=80)
    released_at = models.DateTimeField()

    personal = declare("id public_id kit number content hash note released_by released_at")

    class Meta:
        constraints = (
            models.UniqueConstraint("kit", "number", name="kit_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="kit_versions_from_one"),
        )


class Recall(models.Model):
    """A version that may not be used any more, and why. Never taken back: a mended kit is a new version."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id public_id version reason by at")


class CopyException(models.Model):
    """A word that the linter would refuse and a person allowed for this kit, and why."""

    kit = models.ForeignKey(Kit, on_delete=models.PROTECT, related_name="+", db_index=False)
    word = models.CharField(max_length=40)
    why = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id kit word why by at")

    class Meta:
        constraints = (models.UniqueConstraint("kit", "word", name="kit_exception_once"),)


class Offer(models.Model):
    """A kit that is not for every store is offered to this one."""

    kit = models.ForeignKey(Kit, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    personal = declare("id kit store at")

    class Meta:
        constraints = (models.UniqueConstraint("kit", "store", name="kit_offered_once"),)
