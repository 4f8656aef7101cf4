"""Plans about a subject of an upper room: the copy of a kit before and after an event, moved, mended and dropped with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits import queries as kits
from tongxin.outreach.models import Message, Send, Task
from tongxin.outreach.terms import MessageClass, SendState

UNEXPANDED = (SendState.DRAFT, SendState.APPROVED)
OPEN = (*UNEXPANDED, SendState.QUEUED, SendState.AWAITING_STAFF)


@dataclass(frozen=True)
class CopyIn:
    """One piece of copy: `step` is its name within the subject, `anchor` how far from the subject's instant it is due."""

    step: str
    title: str
    text: str
    channel: str
    audience: str
    audience_key: str
    due_at: datetime
    expires_at: datetime
    anchor: timedelta


def plan_copy(
    *,
    viewer: Viewer,
    subject: tuple[str, str],
    store: int,
    author: str,
    copies: Sequence[CopyIn],
    path: str = "",
) -> int:
    """Write down all copy about a subject, approved: `author` wrote and released it, the viewer lets it go. Answers how many wait.

    Said again it brings what has not gone yet up to date, and what is named no more is not sent. Four statements however many; in
    the caller's transaction. What is past its time already is left out.
    """
    now = clock.now()
    wanted = {one.step: one for one in copies if one.expires_at > now}
    about = Message.objects.filter(about_room=subject[0], about_key=subject[1])
    there = {row.step: row for row in about.select_for_update(no_key=True).exclude(step="")}
    waiting = [row for row in there.values() if row.state in UNEXPANDED]
    new = [
        Message(
            message_class=MessageClass.COMMUNITY,
            about_room=subject[0],
            about_key=subject[1],
            step=step,
            store_id=store,
            path=path,
            state=SendState.APPROVED,
            author=author,
            approved_by=viewer.name,
            approved_by_id=viewer.account,
            created_at=now,
            approved_at=now,
            **_said(one),
        )
        for step, one in wanted.items()
        if step not in there
    ]
    Message.objects.bulk_create(new)
    kept = [row for row in waiting if row.step in wanted]
    for row in kept:
        for name, value in _said(wanted[row.step]).items():
            setattr(row, name, value)
    Message.objects.bulk_update(kept, [*_FIELDS])
    gone = [row.pk for row in waiting if row.step not in wanted]
    Message.objects.filter(pk__in=gone).update(state=SendState.CANCELLED, reason="copy_dropped", done_at=now)
    return len(new) + len(kept)


_FIELDS = ("title", "text", "channel", "audience", "audience_key", "due_at", "expires_at", "anchor")


def _said(one: CopyIn) -> dict[str, object]:
    return {name: getattr(one, name) for name in _FIELDS}


_MOVE = """
UPDATE outreach_message m SET due_at = v.at + m.anchor, expires_at = m.expires_at + (v.at + m.anchor - m.due_at)
FROM unnest(%s::text[], %s::timestamptz[]) AS v(key, at)
WHERE m.about_room = %s AND m.about_key = v.key AND m.step <> '' AND m.anchor IS NOT NULL AND m.state IN ('draft', 'approved')
"""


def move_copy(*, viewer: Viewer, room: str, at: Mapping[str, datetime]) -> int:  # noqa: ARG001 - the trail of the caller says who
    """These subjects are at another time: copy that has not gone moves along, its expiry too; answers how many. One statement."""
    if not at:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [list(at), list(at.values()), room])
        return int(cursor.rowcount)


def drop_copy(*, viewer: Viewer, room: str, keys: Sequence[str], reason: str) -> int:  # noqa: ARG001 - as above
    """Nothing more is said about these subjects: plans and tasks end (their sends: `cancel`); answers how many plans."""
    now = clock.now()
    found = Message.objects.filter(about_room=room, about_key__in=keys).exclude(step="")
    Task.objects.filter(message__in=found.filter(state__in=OPEN), state=SendState.AWAITING_STAFF).update(
        state=SendState.CANCELLED, done_at=now
    )
    return found.filter(state__in=OPEN).update(state=SendState.CANCELLED, reason=reason[:200], done_at=now)


def ask_again(*, viewer: Viewer, room: str, keys: Sequence[str]) -> int:  # noqa: ARG001 - as above
    """What was held about these subjects is asked at once: their kit is not a recalled one any more; answers how many."""
    held = Send.objects.filter(
        subject_room=room,
        subject_key__in=keys,
        state=SendState.QUEUED,
        handed_at=None,
        next_at__gt=clock.now(),
    )
    return held.update(next_at=Greatest(F("due_at"), clock.now()))


def pull_back() -> int:
    """Tasks about an event whose kit was recalled: what nobody has sent goes back to wait at the gate; answers how many sends."""
    tasks = Task.objects.filter(state=SendState.AWAITING_STAFF).exclude(message__about_room="")
    about = {
        key: (room, name)
        for key, room, name in tasks.values_list("id", "message__about_room", "message__about_key")
    }
    gone = kits.recalled(set(about.values()))
    mine = [key for key, subject in about.items() if subject in gone]
    if not mine:
        return 0
    now = clock.now()
    with transaction.atomic():
        Task.objects.filter(pk__in=mine, state=SendState.AWAITING_STAFF).exclude(group_key="").update(
            state=SendState.QUEUED, told_at=None, next_at=now
        )
        back = Send.objects.filter(task__in=mine, state=SendState.AWAITING_STAFF, begun_at=None).update(
            state=SendState.QUEUED, handed_at=None, told_at=None, task=None, next_at=now
        )
        busy = Send.objects.filter(task__in=mine, state=SendState.AWAITING_STAFF).values("task")
        Task.objects.filter(Q(pk__in=mine) & ~Q(pk__in=busy), state=SendState.AWAITING_STAFF).update(
            state=SendState.CANCELLED, done_at=now
        )
    return back
