"""What upper rooms tell people: written in their transaction, one statement for one or for many; sent by the worker."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.plugs import wiring
from tongxin.foundation.sealing import seal
from tongxin.outreach.models import BODY_CONTEXT, InboxItem, Send
from tongxin.outreach.terms import SendIn, SendState
from tongxin.people.models import Customer

_encoder = DjangoJSONEncoder(ensure_ascii=False)
UNSENT = Q(state=SendState.QUEUED, begun_at=None) | Q(state=SendState.AWAITING_STAFF)


def notify(*, viewer: Viewer, sends: Sequence[SendIn]) -> None:
    """Write down what is to be told, in the caller's transaction: one statement, however many. The same key is written once.

    Whether it may go is asked when it is due. Raises RuntimeError outside a transaction, ValueError for a kind that nobody
    declared, a field its words need, or an anchor without `due_at`.
    """
    if not sends:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("a notice belongs into the transaction of its act")
    now = clock.now()
    rows = json.dumps([_row(viewer, one, now) for one in sends], ensure_ascii=False)
    # One value of JSON and not twenty of each send: a statement of 520 sends costs a third of the processor time, here and there.
    prepared.do(_INSERT, [now, rows])


_INSERT = """
INSERT INTO outreach_send (public_id, key, person_id, kind, message_class, store_id, subject_room, subject_key, body, language,
    due_at, anchor, expires_at, next_at, state, reason, channel, turn, actor, created_at)
SELECT v.public_id, v.key, v.person, v.kind, v.class, v.store, v.room, v.subject, v.body, v.language, v.due,
    make_interval(secs => v.anchor), v.expires, v.due, 'queued', '', '', 0, v.actor, %s
FROM json_to_recordset(%s) AS v(public_id uuid, key text, person bigint, kind text, class text, store bigint, room text,
    subject text, body text, language text, due timestamptz, anchor double precision, expires timestamptz, actor text)
ON CONFLICT DO NOTHING
"""


def _row(viewer: Viewer, one: SendIn, now: datetime) -> dict[str, Any]:
    """The fields that `_INSERT` reads."""
    _check(one)
    return {
        "public_id": str(uuid4()),
        "key": one.key,
        "person": one.person,
        "kind": one.kind,
        "class": str(one.message_class),
        "store": one.store,
        "room": one.subject[0],
        "subject": one.subject[1],
        "body": seal(packed(one.text, one.body), BODY_CONTEXT),
        "language": viewer.language if viewer.person == one.person else "zh",
        "due": (one.due_at or now).isoformat(),
        "anchor": None if one.anchor is None else one.anchor.total_seconds(),
        "expires": None if one.expires_at is None else one.expires_at.isoformat(),
        "actor": viewer.name,
    }


def packed(text: str | None, fields: dict[str, object]) -> str:
    """The sealed body of a send: its words, or the fields that the words of its kind need."""
    return _encoder.encode({"text": text, "fields": fields})


def _check(one: SendIn) -> None:
    if one.anchor is not None and one.due_at is None:
        raise ValueError(f"{one.key}: an anchored notice says when it is due")
    if one.text is not None:
        return
    kind = wiring().MESSAGE_KINDS.get(one.kind)
    if kind is None:
        raise ValueError(f"{one.kind}: no such kind of message")
    if missing := set(kind.needs) - one.body.keys():
        raise ValueError(f"{one.kind}: without {', '.join(sorted(missing))}")


def anchor(*, viewer: Viewer, subject: tuple[str, str], at: datetime) -> int:
    """The subject is at another time now: what hangs on it and has not gone moves along, expiry too; answers how many."""
    return anchor_many(viewer=viewer, room=subject[0], at={subject[1]: at})


_ANCHOR = """
UPDATE outreach_send s SET due_at = v.at + s.anchor, next_at = v.at + s.anchor,
    expires_at = s.expires_at + (v.at + s.anchor - s.due_at)
FROM unnest(%s::text[], %s::timestamptz[]) AS v(key, at)
WHERE s.subject_room = %s AND s.subject_key = v.key AND s.state = 'queued' AND s.handed_at IS NULL AND s.anchor IS NOT NULL
"""


def anchor_many(*, viewer: Viewer, room: str, at: Mapping[str, datetime]) -> int:  # noqa: ARG001 - every action names its viewer; the caller's trail says who moved them
    """Many subjects of a room (key → instant) are at other times now, as `anchor` for one: one statement, however many."""
    if not at:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ANCHOR, [list(at), list(at.values()), room])
        return int(cursor.rowcount)


def cancel(
    *,
    viewer: Viewer,  # noqa: ARG001 - every action names its viewer; the trail of the caller says who
    subject: tuple[str, str],
    reason: str,
    kinds: Collection[str] | None = None,
    person: int | None = None,
) -> int:
    """What has not gone about a subject never goes (of some kinds, to one person only, if said); answers how many.

    One statement, in the caller's transaction. `reason` is a code (`event_cancelled`), never personal. What already stands in an
    inbox stays there; only its letter is stopped.
    """
    found = Send.objects.filter(subject_room=subject[0], subject_key=subject[1])
    if kinds is not None:
        found = found.filter(kind__in=list(kinds))
    if person is not None:
        found = found.filter(
            Q(person=person) | Q(person__in=Customer.objects.filter(survivor=person).values("id"))
        )
    return stop(found, reason)


def cancel_many(
    *,
    viewer: Viewer,  # noqa: ARG001 - as above
    room: str,
    keys: Collection[str],
    reason: str,
    kinds: Collection[str] | None = None,
) -> int:
    """What has not gone about these subjects of a room never goes, as `cancel` for one: one statement; answers how many."""
    found = Send.objects.filter(subject_room=room, subject_key__in=list(keys))
    return stop(found if kinds is None else found.filter(kind__in=list(kinds)), reason)


def stop(found: QuerySet[Send], reason: str) -> int:
    """End these unsent sends. Whose letter alone is stopped, while the inbox has it, was partly sent."""
    shown = Q(
        Exists(InboxItem.objects.filter(send=OuterRef("pk"))), state=SendState.QUEUED, told_at__isnull=False
    )
    return found.filter(UNSENT).update(
        state=Case(
            When(shown, then=Value(SendState.PARTLY_SENT)),
            default=Value(SendState.CANCELLED),
        ),
        reason=reason[:40],
        done_at=clock.now(),
    )
