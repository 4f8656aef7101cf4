"""Message plans: drafted, approved, turned into one send a person when they are due, cancelled."""

from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.plugs import wiring
from tongxin.outreach.actions import trails
from tongxin.outreach.actions.draining import wired
from tongxin.outreach.actions.notices import stop
from tongxin.outreach.channels import LABELS
from tongxin.outreach.models import Message, Send, Task
from tongxin.outreach.ports import AudienceSource
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
from tongxin.stores.models import Store

PLAN = "plan"  # the kind of every send of a plan
CHUNK = 1000
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
) -> Message:
    """A draft for the stores in reach. Service messages are no plans: they go by what somebody signed up for.

    Refuses `forbidden`, `outreach.service_needed`, `outreach.empty`, `outreach.too_long`, `outreach.unknown_channel`,
    `outreach.channel_off`, `outreach.no_audience`, `outreach.past_expiry`, `absent` (an audience out of reach).
    """
    if not viewer.reaches(store.pk if store else None, PLANNERS):
        raise Refused("forbidden")
    if message_class is MessageClass.SERVICE:
        raise Refused("outreach.service_needed")
    _check_text(text, text_en)
    _check_channel(channel)
    _audience(audience).access(viewer, audience_key)
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
    _check_text(text, text_en)
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
        source, now = _audience(message.audience), clock.now()
        source.access(viewer, message.audience_key)
        if message.expires_at <= now:
            raise Refused("outreach.past_expiry")
        recipients = len(set(source.persons(message.audience_key, at=now)))
        if not recipients:
            raise Refused("outreach.nobody")
        own = viewer.account == message.author_id and viewer.name == message.author
        if recipients > SECOND_PERSON_OVER and own:
            raise Refused("outreach.second_person_needed", recipients=recipients, most=SECOND_PERSON_OVER)
        message.state, message.recipients = SendState.APPROVED, recipients
        message.approved_at, message.approved_by, message.approved_by_id = now, viewer.name, viewer.account
        message.save(update_fields=["state", "recipients", "approved_at", "approved_by", "approved_by_id"])
        trails.of_plan(viewer, message, "outreach.message_approved", recipients=recipients)
    return message


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
        Task.objects.filter(message=message, state=SendState.AWAITING_STAFF).update(
            state=SendState.CANCELLED, done_at=now
        )
        trails.of_plan(viewer, message, "outreach.message_cancelled", reason=reason, spared=spared)
    return spared


def expand_due(*, viewer: Viewer) -> int:
    """Turn approved plans whose time has come into sends; answers how many sends there are new."""
    now, made = clock.now(), 0
    waiting = Message.objects.filter(state=SendState.APPROVED, due_at__lte=now).order_by("due_at", "id")
    for public_id in list(waiting.values_list("public_id", flat=True)):
        made += expand(viewer=viewer, public_id=public_id)
    return made


def expand(*, viewer: Viewer, public_id: UUID | str) -> int:
    """One send for each person of the audience as it is now, a thousand a transaction; answers how many are new.

    May be killed and repeated anywhere: a person's send of a plan has one key. Refuses `absent`.
    """
    found = access_message(viewer, public_id)
    persons, made = (
        iter(sorted(set(_audience(found.audience).persons(found.audience_key, at=clock.now())))),
        0,
    )
    while True:
        chunk = list(islice(persons, CHUNK))
        with transaction.atomic():
            message = Message.objects.select_for_update(no_key=True).get(pk=found.pk)
            if message.state != SendState.APPROVED:  # cancelled meanwhile, or another worker was faster
                return made
            if not chunk:
                message.state, message.expanded_at = SendState.QUEUED, clock.now()
                message.save(update_fields=["state", "expanded_at"])
                return made
            made += _sends(viewer, message, chunk)


def _sends(viewer: Viewer, message: Message, persons: list[int]) -> int:
    keys = [f"{PLAN}:{message.public_id}:{person}" for person in persons]
    before = Send.objects.filter(key__in=keys).count()
    now = clock.now()
    Send.objects.bulk_create(
        [
            Send(
                key=key,
                person_id=person,
                kind=PLAN,
                message_class=message.message_class,
                message=message,
                store_id=message.store_id,
                subject_room=message.about_room or "outreach",
                subject_key=message.about_key or str(message.public_id),
                due_at=message.due_at,
                expires_at=message.expires_at,
                next_at=message.due_at,
                actor=viewer.name,
                created_at=now,
            )
            for key, person in zip(keys, persons, strict=True)
        ],
        ignore_conflicts=True,
    )
    return len(keys) - before


def _locked(viewer: Viewer, public_id: UUID | str, states: frozenset[SendState] | set[SendState]) -> Message:
    found = access_message(viewer, public_id)
    # Not FOR UPDATE: the drain refers to the row while it holds sends that a cancellation wants.
    message = Message.objects.select_for_update(no_key=True).get(pk=found.pk)
    if message.state not in states:
        zh, en = STATE_LABELS[SendState(message.state)]
        raise Refused("outreach.wrong_state", state=zh, state_en=en)
    return message


def _check_text(text: str, text_en: str) -> None:
    if not text.strip():
        raise Refused("outreach.empty")
    if max(len(text), len(text_en)) > LONGEST_TEXT:
        raise Refused("outreach.too_long", most=LONGEST_TEXT)


def _check_channel(name: str) -> None:
    channel = wired().get(name)
    if channel is None or Cap.DIRECT not in channel.caps:
        raise Refused("outreach.unknown_channel", channel=name[:24])
    if not channel.ready():
        raise Refused("outreach.channel_off", channel=LABELS.get(name, (name, name))[0])


def _audience(name: str) -> AudienceSource:
    source: AudienceSource | None = wiring().AUDIENCES.get(name)
    if source is None:
        raise Refused("outreach.no_audience")
    return source
