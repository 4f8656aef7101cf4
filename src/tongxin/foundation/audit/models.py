"""One row an act, and the signed heads of the chain. A trigger in migration 0001 keeps both append-only."""

import uuid

from django.db import models

from tongxin.foundation.personal import declare


class Entry(models.Model):
    """One act. `before` and `after` are JSON text (not jsonb, which would respell numbers and break the hash)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()
    account = models.BigIntegerField(null=True)
    person = models.BigIntegerField(null=True)
    device = models.BigIntegerField(null=True)
    brand = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=80)
    act = models.CharField(max_length=80)
    subject_room = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    before = models.TextField(default="")
    after = models.TextField(default="")
    reason = models.TextField(default="")
    content = models.CharField(max_length=64)

    position = models.BigIntegerField(null=True, unique=True)
    chain = models.CharField(max_length=64, default="")

    personal = declare(
        "id public_id at account person device brand actor act subject_room subject_kind subject_id"
        " before after reason content position chain"
    )

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="audit_unsealed", condition=models.Q(position=None)),
            models.Index(fields=["subject_room", "subject_kind", "subject_id", "id"], name="audit_subject"),
            models.Index(fields=["act", "id"], name="audit_act"),
        ]


class Head(models.Model):
    """A signed statement: up to `position` the chain is `chain`."""

    position = models.BigIntegerField(unique=True)
    chain = models.CharField(max_length=64)
    at = models.DateTimeField()
    key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    personal = declare("id position chain at key signature")
