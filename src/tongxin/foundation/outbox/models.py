"""Letters and their states."""

import uuid

from django.db import models

from tongxin.foundation.outbox.terms import State
from tongxin.foundation.personal import declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText


class Letter(models.Model):
    """One message to one address. `public_id` goes with it, so a receiver can tell a repeat."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    carrier = models.CharField(max_length=40)
    to = EncryptedText(context="outbox.to")
    to_hash = models.CharField(max_length=64, db_index=True)
    body = EncryptedText(context="outbox.body")
    person = models.BigIntegerField(null=True, db_index=True)
    actor = models.CharField(max_length=80)
    state = models.CharField(
        max_length=10, default=State.WAITING, choices=[(s.value, s.value) for s in State]
    )
    detail = models.CharField(max_length=200, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id key kind carrier actor state detail attempts created_at due_at expires_at"
        " claim claimed_at begun_at done_at",
        person=personal("whose letter it is", "30 days after it is done", export=False),
        to=sensitive("the address of a letter", "30 days after it is done"),
        to_hash=sensitive("finding letters to an address", "30 days after it is done", export=False),
        body=sensitive("the text of a letter", "30 days after it is done"),
    )

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], name="outbox_due", condition=models.Q(state="waiting")),
            models.Index(fields=["claimed_at"], name="outbox_sending", condition=models.Q(state="sending")),
        ]
