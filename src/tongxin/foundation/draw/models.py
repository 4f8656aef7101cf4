"""Draws, committed and revealed."""

import uuid

from django.db import models

from tongxin.foundation.personal import declare, sensitive
from tongxin.foundation.sealing import EncryptedText


class Draw(models.Model):
    """One draw. `entrants` are opaque tickets, never names; the seed is sealed until it is revealed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=120)
    entrants = models.JSONField()
    entrants_hash = models.CharField(max_length=64)
    rules = models.JSONField()
    rules_hash = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    seed = EncryptedText(context="draw.seed")
    beacon = models.CharField(max_length=120, default="")
    winners = models.JSONField(default=list)
    committed_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id title entrants entrants_hash rules rules_hash commitment beacon winners committed_at revealed_at",
        seed=sensitive("the outcome before its time", "two years", export=False),
    )
