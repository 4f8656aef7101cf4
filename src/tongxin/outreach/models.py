"""Plans, sends, decisions, tasks, the inbox; opt-outs, addresses, holdouts, caps. The trigger stands in migration 0002."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.outreach.terms import Decision, MessageClass, Reason, SendState
from tongxin.people.models import Customer
from tongxin.stores.models import Store

KEPT = "kept without the person: an opaque number after erasure"
BODY_CONTEXT = "outreach.body"
BODY = "30 days after it is done"


def _words(enum: type) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in enum]  # type: ignore[attr-defined]  # any StrEnum


class Message(models.Model):
    """A plan: what is said, to whom, by which channel, from when. Its text says nothing about a person.

    One that hangs on a subject of an upper room names it (`about_room`, `about_key`), which step of its copy it is, and how far
    from the subject's instant it is due (`anchor`).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message_class = models.CharField(max_length=10, choices=_words(MessageClass))
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
    audience = models.CharField(max_length=32)
    audience_key = models.CharField(max_length=120)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=14, choices=_words(SendState), default=SendState.DRAFT)
    reason = models.CharField(max_length=200, default="", blank=True)
    recipients = models.PositiveIntegerField(default=0)
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
        "id public_id message_class channel title text text_en path poster about_room about_key step anchor audience"
        " audience_key store state reason recipients due_at expires_at author_id author approved_by_id approved_by created_at approved_at expanded_at"
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
    """What a colleague is to send by hand: the people of one store in one plan. `public_id` names it in links."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=24)
    state = models.CharField(max_length=14, choices=_words(SendState), default=SendState.AWAITING_STAFF)
    counted = models.PositiveIntegerField(null=True)
    proof = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare(
        "id public_id message store channel state counted proof created_at opened_at expires_at done_at"
        " done_by"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "message",
                "store",
                "channel",
                name="task_open_once",
                nulls_distinct=False,
                condition=Q(state="awaiting_staff"),
            ),
        )
        indexes = (
            models.Index(
                fields=["store", "expires_at"], name="task_open", condition=Q(state="awaiting_staff")
            ),
        )


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
    message_class = models.CharField(max_length=10, choices=_words(MessageClass))
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
    state = models.CharField(max_length=14, choices=_words(SendState), default=SendState.QUEUED)
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
    """What the gate said about a send, and why. Append-only; a new row only when the answer is another one."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=8, choices=_words(Decision))
    why = models.CharField(max_length=16, choices=_words(Reason))
    until = models.DateTimeField(null=True)
    channel = models.CharField(max_length=24, default="", blank=True)
    at = models.DateTimeField()

    personal = declare(
        "id send channel",
        outcome=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
        why=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
        until=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
        at=personal("why a member was or was not told", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["send", "-id"], name="decision_by_send"),)


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


class OptOut(models.Model):
    """A member's no to a class of messages, on one channel or ("") on all. `lifted_at` ends it; the row is proof and stays."""

    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    message_class = models.CharField(max_length=10, choices=_words(MessageClass))
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


class Holdout(models.Model):
    """A random share of people whom a plan (or, with none named, every community and promotion message) leaves alone.

    Who is in it follows from the seed and the person alone, so it can be recomputed and needs no list.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    label = models.CharField(max_length=80)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, related_name="+")
    share_permille = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=64)
    since = models.DateTimeField()
    until = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare("id public_id label message share_permille seed since until by")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(share_permille__gte=1, share_permille__lte=500), name="holdout_share"
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="holdout_dates"),
        )


class CapPolicy(models.Model):
    """One line of the policy: at most so many messages of a class ("" is all but service) within so many hours, from a day on.

    Never changed: a newer line for the same class and window takes its place, so a verdict can be looked up as of any day.
    """

    message_class = models.CharField(max_length=10, default="", blank=True)
    hours = models.PositiveSmallIntegerField()
    most = models.PositiveSmallIntegerField()
    since = models.DateTimeField()
    clause = models.CharField(max_length=200)
    by = models.CharField(max_length=80)

    personal = declare("id message_class hours most since clause by")

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(hours__gte=1), name="cap_has_a_window"),)
        indexes = (models.Index(fields=["message_class", "hours", "-since"], name="cap_newest"),)
