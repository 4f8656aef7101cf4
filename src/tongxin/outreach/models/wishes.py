"""What a member does not want, and where they can be reached."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.outreach.models.words import KEPT, words
from tongxin.outreach.terms import MessageClass
from tongxin.people.models import Customer


class OptOut(models.Model):
    """A member's no to a class of messages, on one channel or ("") on all. `lifted_at` ends it; the row is proof and stays."""

    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    message_class = models.CharField(max_length=10, choices=words(MessageClass))
    channel = models.CharField(max_length=24, default="", blank=True)
    via = models.CharField(max_length=24)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    personal = declare(
        "id person",
        message_class=personal("proof of an opt-out", KEPT, erase=Erase.KEEP),
        channel=personal("proof of an opt-out", KEPT, erase=Erase.KEEP),
        via=personal("proof of an opt-out", KEPT, erase=Erase.KEEP),
        at=personal("proof of an opt-out", KEPT, erase=Erase.KEEP),
        lifted_at=personal("proof of an opt-out", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "person", "message_class", "channel", name="optout_once", condition=Q(lifted_at=None)
            ),
        )
        indexes = (models.Index(fields=["person"], name="optout_by_person"),)


class Address(models.Model):
    """Where a member can be reached on a channel whose addresses people do not keep. Used only when confirmed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=24)
    value = EncryptedText(context="outreach.address")
    value_hash = models.CharField(max_length=64)
    given_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id person",
        channel=personal("reaching the member", "until the member takes it back", erase=Erase.DELETE_ROW),
        value=sensitive("reaching the member", "until the member takes it back", erase=Erase.DELETE_ROW),
        value_hash=sensitive(
            "reaching the member", "until the member takes it back", erase=Erase.DELETE_ROW, export=False
        ),
        given_at=personal("reaching the member", "until the member takes it back", erase=Erase.DELETE_ROW),
        confirmed_at=personal(
            "reaching the member", "until the member takes it back", erase=Erase.DELETE_ROW
        ),
    )

    class Meta:
        constraints = (models.UniqueConstraint("person", "channel", name="address_once"),)
