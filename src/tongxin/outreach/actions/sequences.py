"""Sequences: planned with their steps, started, paused, resumed, ended. `stepping` lets people in and says what is due."""

import secrets
from collections.abc import Sequence as Listed
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import sequencing
from tongxin.outreach.actions.expanding import audience as audience_source
from tongxin.outreach.actions.notices import stop
from tongxin.outreach.actions.plans import check_channel, check_text
from tongxin.outreach.actions.posting import source as group_source
from tongxin.outreach.actions.stepping import enrol_groups, run_sequences
from tongxin.outreach.models import Message, Send, Sequence, SequenceStep, Task
from tongxin.outreach.queries.sequences import access_sequence
from tongxin.outreach.terms import PLANNERS, SECOND_PERSON_OVER, MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import (
    LONGEST_DAY,
    MOST_STEPS,
    SEQUENCE_LABELS,
    SequenceKind,
    SequenceState,
    Target,
)
from tongxin.stores.models import Store

STARTS_WITH = "seq"


@dataclass(frozen=True)
class StepIn:
    """One step: on which day after the entry, at what time on the store's wall, for which arm and (groups) which mood."""

    day: int
    at: time
    text: str
    title: str = ""
    text_en: str = ""
    path: str = ""
    arm: str = ""
    mood: str = ""

    def facts(self) -> sequencing.StepFacts:
        """As the rule needs it."""
        return sequencing.StepFacts(self.day, self.at, self.arm, self.mood)


def plan_sequence(
    *,
    viewer: Viewer,
    kind: SequenceKind,
    title: str,
    message_class: MessageClass,
    channel: str,
    audience: str,
    audience_key: str,
    steps: Listed[StepIn],
    until: datetime,
    store: Store | None = None,
    stay_key: str = "",
    about: tuple[str, str] = ("", ""),
    arms: int = 1,
    held_permille: int = 0,
    seed: str = "",
) -> Sequence:
    """A draft. A group's routine is posted into groups, everything else goes to people; `about` is the subject that it ends with.

    Refuses `forbidden`, `outreach.service_needed`, `outreach.no_steps`, `outreach.step_bad`, `outreach.share_bad`, `outreach.empty`,
    `outreach.too_long`, `outreach.unknown_channel`, `outreach.channel_off`, `outreach.no_audience`, `outreach.past_expiry`, `absent`.
    """
    if not viewer.reaches(store.pk if store else None, PLANNERS):
        raise Refused("forbidden")
    if message_class is MessageClass.SERVICE:
        raise Refused("outreach.service_needed")
    target = Target.GROUPS if kind is SequenceKind.GROUP_SOP else Target.PERSONS
    _check_steps(steps, arms)
    if not 0 <= held_permille <= 500:
        raise Refused("outreach.share_bad")
    check_channel(channel, target)
    source = group_source(audience) if target is Target.GROUPS else audience_source(audience)
    for key in {audience_key, stay_key or audience_key}:
        source.access(viewer, key)
    now = clock.now()
    if until <= now:
        raise Refused("outreach.past_expiry")
    with transaction.atomic():
        made = Sequence.objects.create(
            kind=kind,
            title=title.strip()[:80],
            target=target,
            audience=audience,
            audience_key=audience_key,
            stay_key=stay_key,
            message_class=message_class,
            channel=channel,
            store=store,
            about_room=about[0],
            about_key=about[1],
            arms=arms,
            held_permille=held_permille,
            seed=seed or secrets.token_hex(16),
            author_id=viewer.account,
            author=viewer.name,
            created_at=now,
            until=until,
        )
        SequenceStep.objects.bulk_create(
            [
                SequenceStep(
                    sequence=made,
                    day=one.day,
                    at=one.at,
                    arm=one.arm,
                    mood=one.mood,
                    title=one.title.strip()[:80],
                    text=one.text.strip(),
                    text_en=one.text_en.strip(),
                    path=one.path,
                )
                for one in steps
            ]
        )
        _written(viewer, made, "outreach.sequence_planned", steps=len(steps), arms=arms, held=held_permille)
    return made


def _check_steps(steps: Listed[StepIn], arms: int) -> None:
    if not steps:
        raise Refused("outreach.no_steps")
    for one in steps:
        check_text(one.text, one.text_en)
    facts = [one.facts() for one in steps]
    fine = all(0 <= one.day <= LONGEST_DAY for one in facts) and len(set(facts)) == len(facts)
    named = arms == 2 or not any(one.arm for one in facts)
    if not fine or not named or len(steps) > MOST_STEPS or (arms == 2 and not sequencing.both_arms(facts)):
        raise Refused("outreach.step_bad", most=LONGEST_DAY)


def start_sequence(*, viewer: Viewer, public_id: UUID | str) -> Sequence:
    """It runs from now on: who enters is told. Above 5,000 people at once somebody else than the author must say so.

    Groups that are there now are drawn into their arms together. Refuses `absent`, `outreach.sequence_state`,
    `outreach.past_expiry`, `outreach.second_person_needed`, `outreach.no_groups`.
    """
    with transaction.atomic():
        found = _locked(viewer, public_id, {SequenceState.DRAFT})
        now = clock.now()
        if found.until <= now:
            raise Refused("outreach.past_expiry")
        own = viewer.account == found.author_id and viewer.name == found.author
        if found.target == Target.GROUPS:
            lines = list(group_source(found.audience).groups(found.audience_key, at=now))
            if not lines:
                raise Refused("outreach.no_groups")
            many = sum(one.members for one in lines)
        else:
            many = len(set(audience_source(found.audience).persons(found.audience_key, at=now)))
        if many > SECOND_PERSON_OVER and own:
            raise Refused("outreach.second_person_needed", recipients=many, most=SECOND_PERSON_OVER)
        found.state, found.started_at, found.started_by = SequenceState.RUNNING, now, viewer.name
        found.save(update_fields=["state", "started_at", "started_by"])
        _messages(viewer, found, now)
        if found.target == Target.GROUPS:
            enrol_groups(found, lines, together=True)
        _written(viewer, found, "outreach.sequence_started", people=many)
    return found


def _messages(viewer: Viewer, found: Sequence, now: datetime) -> None:
    """A plan for each step, open as long as the sequence: its sends and tasks hang on it."""
    Message.objects.bulk_create(
        [
            Message(
                message_class=found.message_class,
                channel=found.channel,
                title=step.title or found.title,
                text=step.text,
                text_en=step.text_en,
                path=step.path,
                about_room=found.about_room or "outreach",
                about_key=found.about_key or str(found.public_id),
                step=f"{STARTS_WITH}{step.pk}",
                target=found.target,
                sequence=found,
                audience=found.audience,
                audience_key=found.stay_key or found.audience_key,
                store=found.store,
                state=SendState.QUEUED,
                due_at=now,
                expires_at=found.until,
                author_id=found.author_id,
                author=found.author,
                approved_by_id=viewer.account,
                approved_by=viewer.name,
                created_at=now,
                approved_at=now,
                expanded_at=now,
            )
            for step in SequenceStep.objects.filter(sequence=found).order_by("day", "at", "id")
        ]
    )


def pause_sequence(*, viewer: Viewer, public_id: UUID | str, reason: str) -> Sequence:
    """Nothing of it goes until it is resumed; what waits is held, what is past its two days then is left out.

    Refuses `absent`, `outreach.sequence_state`.
    """
    with transaction.atomic():
        found = _locked(viewer, public_id, {SequenceState.RUNNING})
        found.state, found.reason = SequenceState.PAUSED, reason.strip()[:200]
        found.save(update_fields=["state", "reason"])
        _written(viewer, found, "outreach.sequence_paused", reason)
    return found


def resume_sequence(*, viewer: Viewer, public_id: UUID | str) -> Sequence:
    """It goes on. Refuses `absent`, `outreach.sequence_state`."""
    with transaction.atomic():
        found = _locked(viewer, public_id, {SequenceState.PAUSED})
        found.state, found.reason = SequenceState.RUNNING, ""
        found.save(update_fields=["state", "reason"])
        now = clock.now()
        held = Send.objects.filter(message__sequence=found, state=SendState.QUEUED, handed_at=None)
        held.filter(next_at__gt=now, due_at__lte=now).update(next_at=now)
        Task.objects.filter(message__sequence=found, state=SendState.QUEUED, next_at__gt=now).update(
            next_at=now
        )
        _written(viewer, found, "outreach.sequence_resumed")
    return found


def end_sequence(*, viewer: Viewer, public_id: UUID | str, reason: str) -> int:
    """Nothing more of it is said to anybody; answers how many sends were spared. Refuses `absent`, `outreach.sequence_state`."""
    with transaction.atomic():
        open_ = {SequenceState.DRAFT, SequenceState.RUNNING, SequenceState.PAUSED}
        found = _locked(viewer, public_id, open_)
        spared = finish(found, reason)
        _written(viewer, found, "outreach.sequence_ended", reason, spared=spared)
    return spared


def finish(found: Sequence, reason: str) -> int:
    """End it, its plans, what waits and its tasks; in the caller's transaction."""
    now = clock.now()
    found.state, found.reason, found.ended_at = SequenceState.ENDED, reason.strip()[:200], now
    found.save(update_fields=["state", "reason", "ended_at"])
    plans = Message.objects.filter(sequence=found)
    open_ = plans.filter(state__in=[SendState.QUEUED, SendState.AWAITING_STAFF])
    open_.update(state=SendState.CANCELLED, reason=reason[:200], done_at=now)
    spared = stop(Send.objects.filter(message__in=plans), Reason.CANCELLED)
    Task.objects.filter(message__in=plans, state__in=[SendState.QUEUED, SendState.AWAITING_STAFF]).update(
        state=SendState.CANCELLED, done_at=now
    )
    return spared


def _locked(viewer: Viewer, public_id: UUID | str, states: set[SequenceState]) -> Sequence:
    found = access_sequence(viewer, public_id)
    row = Sequence.objects.select_for_update(no_key=True).get(pk=found.pk)
    if row.state not in states:
        zh, en = SEQUENCE_LABELS[SequenceState(row.state)]
        raise Refused("outreach.sequence_state", state=zh, state_en=en)
    return row


def _written(viewer: Viewer, found: Sequence, act: str, reason: str = "", **after: object) -> None:
    subject = ("outreach", "sequence", str(found.public_id))
    trail(viewer=viewer, act=act, subject=subject, after={"state": found.state, **after}, reason=reason)


__all__ = [
    "StepIn",
    "end_sequence",
    "pause_sequence",
    "plan_sequence",
    "resume_sequence",
    "run_sequences",
    "start_sequence",
]
