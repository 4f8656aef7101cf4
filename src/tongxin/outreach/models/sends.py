"""What goes to one person, what the gate said about it, and the inbox. The trigger stands in migration 0002."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.outreach.models.plans import Message, Task
from tongxin.outreach.models.words import BODY, BODY_CONTEXT, KEPT, words
from tongxin.outreach.terms import Decision, MessageClass, Reason, SendState
from tongxin.people.models import Customer
from tongxin.stores.models import Store


class Send(models.Model):
    """One message to one person: of a plan, or about a subject of an upper room.

    `due_at` is when it is wanted, `next_at` when the gate is asked (again). `handed_at` says that a channel has it, `begun_at`
    that a letter is on its way; `turn` counts how often it was handed over, since a letter that night stopped goes once more.
    `told_at` is since when the caps count it: what stands in the inbox counts also while its letter waits for the morning.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=200, unique=True)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=60)
    message_class = models.CharField(max_length=10, choices=words(MessageClass))
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    subject_room = models.CharField(max_length=32)
    subject_key = models.CharField(max_length=120)
    body = EncryptedText(context=BODY_CONTEXT, default="", blank=True)
    language = models.CharField(max_length=2, default="zh")
    due_at = models.DateTimeField()
    anchor = models.DurationField(null=True)
    expires_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    state = models.CharField(max_length=14, choices=words(SendState), default=SendState.QUEUED)
    reason = models.CharField(max_length=40, default="", blank=True)
    channel = models.CharField(max_length=24, default="", blank=True)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    turn = models.PositiveSmallIntegerField(default=0)
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id key message turn task actor next_at anchor begun_at",
        person=personal("whom a message is for", KEPT, erase=Erase.KEEP, export=False),
        kind=personal("what a member was told", KEPT, erase=Erase.KEEP),
        message_class=personal("what a member was told", KEPT, erase=Erase.KEEP),
        store=personal("what a member was told", KEPT, erase=Erase.KEEP),
        subject_room=personal("what a member was told", KEPT, erase=Erase.KEEP),
        subject_key=personal("what a member was told", KEPT, erase=Erase.KEEP),
        body=sensitive("the text of a message", BODY),
        language=personal("the text of a message", KEPT, erase=Erase.KEEP, export=False),
        due_at=personal("what a member was told", KEPT, erase=Erase.KEEP),
        expires_at=personal("what a member was told", KEPT, erase=Erase.KEEP, export=False),
        state=personal("what a member was told", KEPT, erase=Erase.KEEP),
        reason=personal("why a member was not told", KEPT, erase=Erase.KEEP),
        channel=personal("what a member was told", KEPT, erase=Erase.KEEP),
        created_at=personal("what a member was told", KEPT, erase=Erase.KEEP),
        handed_at=personal("what a member was told", KEPT, erase=Erase.KEEP),
        told_at=personal("how often a member is disturbed", KEPT, erase=Erase.KEEP),
        done_at=personal("what a member was told", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (
            models.Index(
                fields=["next_at", "id"], name="send_due", condition=Q(state="queued", handed_at=None)
            ),
            models.Index(
                fields=["handed_at", "id"],
                name="send_on_its_way",
                condition=Q(state__in=["queued", "unknown"], handed_at__isnull=False),
            ),
            models.Index(fields=["person", "-told_at"], name="send_by_person"),
            models.Index(
                fields=["subject_room", "subject_key"],
                name="send_by_subject",
                condition=Q(state__in=["queued", "awaiting_staff"]),
            ),
            models.Index(
                fields=["message", "state"], name="send_by_message", condition=Q(message__isnull=False)
            ),
            models.Index(fields=["task"], name="send_by_task", condition=Q(task__isnull=False)),
        )


class DecisionRow(models.Model):
    """What the gate said about a send, or about a group's task, and why. Append-only; a new row only for another answer."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(max_length=8, choices=words(Decision))
    why = models.CharField(max_length=16, choices=words(Reason))
    until = models.DateTimeField(null=True)
    channel = models.CharField(max_length=24, default="", blank=True)
    at = models.DateTimeField()

    personal = declare(
        "id send task channel",
        outcome=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
        why=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
        until=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
        at=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(send__isnull=False, task=None) | Q(send=None, task__isnull=False),
                name="decision_about_one",
            ),
        )
        indexes = (
            models.Index(fields=["send", "-id"], name="decision_by_send"),
            models.Index(fields=["task", "-id"], name="decision_by_task", condition=Q(task__isnull=False)),
        )


class InboxItem(models.Model):
    """What stands in a member's web inbox."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    send = models.OneToOneField(Send, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = EncryptedText(context="outreach.inbox")
    path = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id send person",
        text=sensitive("the member's inbox", "a year", erase=Erase.DELETE_ROW),
        path=personal("the member's inbox", "a year", erase=Erase.DELETE_ROW, export=False),
        at=personal("the member's inbox", "a year", erase=Erase.DELETE_ROW),
        read_at=personal("the member's inbox", "a year", erase=Erase.DELETE_ROW),
    )

    class Meta:
        indexes = (
            models.Index(fields=["person", "-id"], name="inbox_by_person"),
            models.Index(fields=["person"], name="inbox_unread", condition=Q(read_at=None)),
        )
