"""Who wants to know what, and what became of telling them."""

import uuid

from django.db import models

from tongxin.foundation.personal import declare, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.foundation.webhooks.terms import State


class Subscription(models.Model):
    """One address that is told of some acts. `position` is how far along the sealed trail it has been fed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = EncryptedText(context="webhooks.url")
    acts = models.JSONField()
    secret = EncryptedText(context="webhooks.secret")
    old_secret = EncryptedText(context="webhooks.old_secret", default="")
    old_until = models.DateTimeField(null=True)
    notify = EncryptedText(context="webhooks.notify", default="")
    position = models.BigIntegerField()
    active = models.BooleanField(default=True)
    disabled_because = models.CharField(max_length=80, default="")
    last_success_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    personal = declare(
        "id public_id acts position active disabled_because old_until last_success_at created_at",
        url=sensitive("where events are told; may carry a token", "until unsubscribed", export=False),
        secret=sensitive("signing events", "until unsubscribed", export=False),
        old_secret=sensitive("signing events during a rotation", "until the rotation ends", export=False),
        notify=sensitive("whom to tell when telling fails", "until unsubscribed", export=False),
    )


class Delivery(models.Model):
    """One event for one subscription."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    event = models.UUIDField()
    act = models.CharField(max_length=80)
    body = models.TextField()
    state = models.CharField(
        max_length=10, default=State.WAITING, choices=[(s.value, s.value) for s in State]
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    personal = declare("id subscription event act body state attempts created_at due_at done_at")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "event"], name="webhooks_once")]
        indexes = [
            models.Index(fields=["due_at", "id"], name="webhooks_due", condition=models.Q(state="waiting"))
        ]


class Attempt(models.Model):
    """The log: one line a try."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    detail = models.CharField(max_length=80, default="")
    milliseconds = models.PositiveIntegerField()

    personal = declare("id delivery at status detail milliseconds")


class Received(models.Model):
    """A message that came in, by the sender's id."""

    source = models.CharField(max_length=40)
    message = models.CharField(max_length=200)
    at = models.DateTimeField(db_index=True)
    body = EncryptedText(context="webhooks.received")

    personal = declare(
        "id source message at",
        body=sensitive("the raw message, for finding faults", "8 days", export=False),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "message"], name="webhooks_received_once")]
