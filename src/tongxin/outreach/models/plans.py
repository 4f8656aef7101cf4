"""Plans and the tasks of colleagues."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import declare
from tongxin.outreach.models.sequences import Sequence
from tongxin.outreach.models.words import words
from tongxin.outreach.terms import MessageClass, SendState
from tongxin.outreach.terms_plans import Target, Topic
from tongxin.stores.models import Store


class Message(models.Model):
    """A plan: what is said, to whom, by which channel, from when. Its text says nothing about a person.

    One that hangs on a subject of an upper room names it (`about_room`, `about_key`), which step of its copy it is, and how far
    from the subject's instant it is due (`anchor`). A step of a sequence names the sequence and goes on as long as that runs.
    `code` is the channel code of its link, `voucher` names an offer of vouchers, `expanded` how many of its people it has got to.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message_class = models.CharField(max_length=10, choices=words(MessageClass))
    channel = models.CharField(max_length=24)
    title = models.CharField(max_length=80, default="", blank=True)
    text = models.TextField()
    text_en = models.TextField(default="", blank=True)
    path = models.CharField(max_length=200, default="", blank=True)
    poster = models.UUIDField(null=True)
    about_room = models.CharField(max_length=32, default="", blank=True)
    about_key = models.CharField(max_length=120, default="", blank=True)
    step = models.CharField(max_length=24, default="", blank=True)
    anchor = models.DurationField(null=True)
    target = models.CharField(max_length=8, choices=words(Target), default=Target.PERSONS)
    topic = models.CharField(max_length=8, choices=words(Topic), default="", blank=True)
    code = models.CharField(max_length=32, default="", blank=True)
    voucher = models.CharField(max_length=64, default="", blank=True)
    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, null=True, related_name="+")
    audience = models.CharField(max_length=32)
    audience_key = models.CharField(max_length=120)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=14, choices=words(SendState), default=SendState.DRAFT)
    reason = models.CharField(max_length=200, default="", blank=True)
    recipients = models.PositiveIntegerField(default=0)
    expanded = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    author_id = models.BigIntegerField(null=True)
    author = models.CharField(max_length=80)
    approved_by_id = models.BigIntegerField(null=True)
    approved_by = models.CharField(max_length=80, default="", blank=True)
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    expanded_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id message_class channel title text text_en path poster about_room about_key step anchor target"
        " topic code voucher sequence audience audience_key store state reason recipients expanded due_at expires_at author_id author approved_by_id approved_by created_at approved_at expanded_at"
        " done_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("due_at")), name="message_expires_after_it_is_due"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(state="cancelled") | Q(approved_at__isnull=False),
                name="message_goes_approved",
            ),
            models.UniqueConstraint(
                "about_room", "about_key", "step", name="message_step_once", condition=~Q(step="")
            ),
        )
        indexes = (
            models.Index(fields=["store", "-id"], name="message_by_store"),
            models.Index(
                fields=["due_at"],
                name="message_open",
                condition=Q(state__in=["approved", "queued", "awaiting_staff"]),
            ),
        )


class Task(models.Model):
    """What a colleague is to send: the people of one store in one plan, or one group. `public_id` names it in links.

    A group's task waits (`queued` until `next_at`) for what the gate says of the group. `told_at` is since when
    the group's caps count it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=24)
    state = models.CharField(max_length=14, choices=words(SendState), default=SendState.AWAITING_STAFF)
    reason = models.CharField(max_length=40, default="", blank=True)
    group_key = models.CharField(max_length=120, default="", blank=True)
    group_name = models.CharField(max_length=80, default="", blank=True)
    counted = models.PositiveIntegerField(null=True)
    proof = models.UUIDField(null=True)
    put_off = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare(
        "id public_id message store channel state reason group_key group_name counted proof put_off next_at told_at"
        " created_at opened_at expires_at done_at done_by"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "message",
                "store",
                "channel",
                "group_key",
                name="task_open_once",
                nulls_distinct=False,
                condition=Q(state="awaiting_staff"),
            ),
            models.UniqueConstraint(
                "message", "group_key", name="task_group_once", condition=~Q(group_key="")
            ),
        )
        indexes = (
            models.Index(
                fields=["store", "expires_at"], name="task_open", condition=Q(state="awaiting_staff")
            ),
            models.Index(fields=["next_at"], name="task_waiting", condition=Q(state="queued")),
            models.Index(fields=["group_key", "-told_at"], name="task_by_group", condition=~Q(group_key="")),
        )


class Reminder(models.Model):
    """Colleagues were reminded of a plan's open tasks. Append-only by custom: it is what the limit counts."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    tasks = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare("id message tasks at by")
