"""WeCom: the corp's token and pace, what colleagues are to confirm there, and for whom."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.outreach.models.plans import Message, Task
from tongxin.outreach.models.sends import Send
from tongxin.outreach.models.words import BODY, KEPT, words
from tongxin.outreach.terms import SendState
from tongxin.outreach.terms_wecom import Target


class WecomLease(models.Model):
    """A token all processes share. One holder at a time fetches the next; `generation` says which one was refused."""

    name = models.CharField(max_length=80, primary_key=True)
    value = EncryptedText(context="outreach.wecom_token", default="", blank=True)
    generation = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(null=True)
    holder = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)

    personal = declare("name value generation until holder held_until")


class WecomPace(models.Model):
    """A bucket all processes share: when it will be full again. Emptied by one conditional statement."""

    name = models.CharField(max_length=120, primary_key=True)
    free_at = models.DateTimeField()

    personal = declare("name free_at")


class WecomTask(models.Model):
    """One hand-over to the platform: a text for some customers or groups of one colleague, who confirms it there.

    `queued`: not handed over. `unknown`: nobody knows whether it arrived, so it is looked up by time, text and sender before
    anything else. `awaiting_staff`: the platform has it as `msgid`. The rest: how it ended. `text_hash` is of the text with its
    attachments, `target_hash` of whom it is for: together with sender and time they find it again.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200, unique=True)
    target = models.CharField(max_length=10, choices=words(Target))
    sender = models.CharField(max_length=64)
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    text = EncryptedText(context="outreach.wecom_text", default="", blank=True)
    poster = models.UUIDField(null=True)
    link = models.CharField(max_length=300, default="", blank=True)
    text_hash = models.CharField(max_length=64, default="", blank=True)
    target_hash = models.CharField(max_length=64, default="", blank=True)
    state = models.CharField(max_length=14, choices=words(SendState), default=SendState.QUEUED)
    reason = models.CharField(max_length=40, default="", blank=True)
    msgid = models.CharField(max_length=80, default="", blank=True)
    job = models.CharField(max_length=80, default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    stop_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id key target message poster link text_hash target_hash state reason msgid job attempts looks next_at"
        " claim claimed_at begun_at created_at handed_at expires_at remind_at reminded_at stop_at done_at",
        sender=personal("which colleague confirms it", "while employed", erase=Erase.KEEP, export=False),
        text=sensitive("the text of a message", BODY, erase=Erase.KEEP, export=False),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="awaiting_staff") | ~Q(msgid=""), name="wecom_awaited_is_known"
            ),
            models.UniqueConstraint("msgid", name="wecom_msgid_once", condition=~Q(msgid="")),
        )
        indexes = (
            models.Index(
                fields=["next_at", "id"],
                name="wecom_task_due",
                condition=Q(state__in=["queued", "unknown", "awaiting_staff"]),
            ),
            models.Index(
                fields=["message"], name="wecom_task_by_message", condition=Q(message__isnull=False)
            ),
        )


class WecomTarget(models.Model):
    """One customer or group of a hand-over, and what became of it; `post` is the plan's task in that group. `external` is the platform's id; emptied after thirty days."""

    task = models.ForeignKey(WecomTask, on_delete=models.PROTECT, related_name="+", db_index=False)
    send = models.ForeignKey(Send, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    post = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    delivery = models.CharField(max_length=120, unique=True)
    external = models.CharField(max_length=80, default="", blank=True)
    state = models.CharField(max_length=14, choices=words(SendState), default=SendState.QUEUED)

    personal = declare(
        "id task send post delivery",
        external=personal("whom a message is for", "30 days after it is done", export=False),
        state=personal("what a member was told", KEPT, erase=Erase.KEEP, export=False),
    )

    class Meta:
        indexes = (
            models.Index(fields=["task", "id"], name="wecom_target_by_task"),
            models.Index(fields=["send"], name="wecom_target_by_send", condition=Q(send__isnull=False)),
            models.Index(fields=["post"], name="wecom_target_by_post", condition=Q(post__isnull=False)),
        )
