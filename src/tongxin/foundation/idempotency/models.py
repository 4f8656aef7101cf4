"""Kept answers."""

from django.db import models

from tongxin.foundation.personal import Erase, declare, sensitive
from tongxin.foundation.sealing import EncryptedText

SEALED = "idempotency.answer"  # the context of the sealed answer


class Kept(models.Model):
    """What one sender was answered for one key. Sealed, because an answer can hold anything; gone after a day."""

    actor = models.CharField(max_length=100)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = EncryptedText(context=SEALED)
    at = models.DateTimeField(db_index=True)

    personal = declare(
        "id actor route key body_hash status at",
        answer=sensitive(
            "the same answer for the same request", "25 hours", erase=Erase.DELETE_ROW, export=False
        ),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "route", "key"], name="idempotency_once")]
