"""Message plans: drafted, changed, approved, cancelled. `expanding` turns them into sends when they are due."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import trails
from tongxin.outreach.actions.draining import wired
from tongxin.outreach.actions.expanding import audience as audience_source
from tongxin.outreach.actions.notices import stop
from tongxin.outreach.actions.posting import check_groups
from tongxin.outreach.actions.posting import source as group_source
from tongxin.outreach.channels import LABELS, MANUAL
from tongxin.outreach.models import Message, Send, Task
from tongxin.outreach.queries import access_message
from tongxin.outreach.terms import (
    LONGEST_TEXT,
    PLANNERS,
    SECOND_PERSON_OVER,
    STATE_LABELS,
    Cap,
    MessageClass,
    Reason,
    SendState,
)
from tongxin.outreach.terms_plans import Target, Topic
from tongxin.stores.models import Store

CANCELLABLE = frozenset({SendState.DRAFT, SendState.APPROVED, SendState.QUEUED, SendState.AWAITING_STAFF})


def plan_message(
    *,
    viewer: Viewer,
    message_class: MessageClass,
    channel: str,
    audience: str,
    audience_key: str,
    text: str,
    expires_at: datetime,
    store: Store | None = None,
    due_at: datetime | None = None,
    title: str = "",
    text_en: str = "",
    path: str = "",
    poster: UUID | None = None,
    target: Target = Target.PERSONS,
    topic: Topic = Topic.NONE,
    code: str = "",
    voucher: str = "",
) -> Message:
    """A draft for the stores in reach. Service messages are no plans: they go by what somebody signed up for.

    Refuses `forbidden`, `outreach.service_needed`, `outreach.empty`, `outreach.too_long`, `outreach.unknown_channel`,
    `outreach.channel_off`, `outreach.no_audience`, `outreach.past_expiry`, `absent` (an audience out of reach).
    """
    if not viewer.reaches(store.pk if store else None, PLANNERS):
        raise Refused("forbidden")
    if message_class is MessageClass.SERVICE:
        raise Refused("outreach.service_needed")
    check_text(text, text_en)
    check_channel(channel, target)
    _check_audience(viewer, target, audience, audience_key)
    now = clock.now()
    due = due_at or now
    if expires_at <= max(due, now):
        raise Refused("outreach.past_expiry")
    with transaction.atomic():
        message = Message.objects.create(
            message_class=message_class,
            channel=channel,
            title=title.strip()[:80],
            text=text.strip(),
            text_en=text_en.strip(),
            path=path,
            poster=poster,
            target=target,
            topic=topic,
            code=code.strip()[:32],
            voucher=voucher.strip()[:64],
            audience=audience,
            audience_key=audience_key,
            store=store,
            due_at=due,
            expires_at=expires_at,
            author_id=viewer.account,
            author=viewer.name,
            created_at=now,
        )
        trails.of_plan(viewer, message, "outreach.message_planned", audience=audience, channel=channel)
    return message


def change_message(*, viewer: Viewer, public_id: UUID | str, text: str, text_en: str = "") -> Message:
    """Other words for a draft. Refuses `absent`, `outreach.wrong_state`, `outreach.empty`, `outreach.too_long`."""
    check_text(text, text_en)
    with transaction.atomic():
        message = _locked(viewer, public_id, {SendState.DRAFT})
        message.text, message.text_en = text.strip(), text_en.strip()
        message.save(update_fields=["text", "text_en"])
        trails.of_plan(viewer, message, "outreach.message_changed")
    return message


def approve_message(*, viewer: Viewer, public_id: UUID | str) -> Message:
    """It may go. Above 5,000 recipients somebody else than the author must say so.

    Refuses `absent`, `outreach.wrong_state`, `outreach.nobody`, `outreach.past_expiry`, `outreach.second_person_needed`.
    """
    with transaction.atomic():
        message = _locked(viewer, public_id, {SendState.DRAFT})
        now = clock.now()
        if message.expires_at <= now:
            raise Refused("outreach.past_expiry")
        recipients = _recipients(viewer, message, now)
        own = viewer.account == message.author_id and viewer.name == message.author
        if recipients > SECOND_PERSON_OVER and own:
            raise Refused("outreach.second_person_needed", recipients=recipients, most=SECOND_PERSON_OVER)
        message.state, message.recipients = SendState.APPROVED, recipients
        message.approved_at, message.approved_by, message.approved_by_id = now, viewer.name, viewer.account
        message.save(update_fields=["state", "recipients", "approved_at", "approved_by", "approved_by_id"])
        trails.of_plan(viewer, message, "outreach.message_approved", recipients=recipients)
    return message


def _recipients(viewer: Viewer, message: Message, now: datetime) -> int:
    if message.target == Target.GROUPS:
        return check_groups(viewer, message.audience, message.audience_key)
    source = audience_source(message.audience)
    source.access(viewer, message.audience_key)
    recipients = len(set(source.persons(message.audience_key, at=now)))
    if not recipients:
        raise Refused("outreach.nobody")
    return recipients


def cancel_message(*, viewer: Viewer, public_id: UUID | str, reason: str) -> int:
    """Nothing more of it goes: sends, tasks and letters that have not left; answers how many people are spared.

    Refuses `absent`, `outreach.wrong_state`.
    """
    now = clock.now()
    with transaction.atomic():
        message = _locked(viewer, public_id, CANCELLABLE)
        message.state, message.reason, message.done_at = SendState.CANCELLED, reason.strip()[:200], now
        message.save(update_fields=["state", "reason", "done_at"])
        spared = stop(Send.objects.filter(message=message), Reason.CANCELLED)
        Task.objects.filter(message=message, state__in=[SendState.AWAITING_STAFF, SendState.QUEUED]).update(
            state=SendState.CANCELLED, done_at=now
        )
        trails.of_plan(viewer, message, "outreach.message_cancelled", reason=reason, spared=spared)
    return spared


def _locked(viewer: Viewer, public_id: UUID | str, states: frozenset[SendState] | set[SendState]) -> Message:
    found = access_message(viewer, public_id)
    # Not FOR UPDATE: the drain refers to the row while it holds sends that a cancellation wants.
    message = Message.objects.select_for_update(no_key=True).get(pk=found.pk)
    if message.state not in states:
        zh, en = STATE_LABELS[SendState(message.state)]
        raise Refused("outreach.wrong_state", state=zh, state_en=en)
    return message


def _check_audience(viewer: Viewer, target: Target, name: str, key: str) -> None:
    if target is Target.GROUPS:
        group_source(name).access(viewer, key)
    else:
        audience_source(name).access(viewer, key)


def check_text(text: str, text_en: str) -> None:
    """Words that can be sent. Refuses `outreach.empty`, `outreach.too_long`."""
    if not text.strip():
        raise Refused("outreach.empty")
    if max(len(text), len(text_en)) > LONGEST_TEXT:
        raise Refused("outreach.too_long", most=LONGEST_TEXT)


def check_channel(name: str, target: Target = Target.PERSONS) -> None:
    """Can it carry such a plan, and is it set up? Refuses `outreach.unknown_channel`, `outreach.channel_off`."""
    channel = wired().get(name)
    needed = Cap.GROUP if target is Target.GROUPS else Cap.DIRECT
    if channel is None or needed not in channel.caps or (target is Target.GROUPS and name != MANUAL):
        raise Refused("outreach.unknown_channel", channel=name[:24])
    if not channel.ready():
        raise Refused("outreach.channel_off", channel=LABELS.get(name, (name, name))[0])
