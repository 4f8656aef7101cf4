"""What upper rooms tell people: written in their transaction, one statement for one or for many; sent by the worker."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Value, When

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.plugs import wiring
from tongxin.foundation.sealing import seal
from tongxin.outreach.models import BODY_CONTEXT, Send
from tongxin.outreach.terms import SendIn, SendState
from tongxin.people.models import Customer

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
    rows = [_row(viewer, one, now) for one in sends]
    # Written by hand: this stands in the acts that must be quick, and the model's way costs three times the processor time.
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_INSERT} {', '.join([_VALUES] * len(rows))} ON CONFLICT DO NOTHING",
            [value for row in rows for value in row],
        )


_COLUMNS = (
    "public_id", "key", "person_id", "kind", "message_class", "store_id", "subject_room", "subject_key", "body",
    "language", "due_at", "anchor", "expires_at", "next_at", "state", "reason", "channel", "turn", "actor", "created_at",
)  # fmt: skip
_INSERT = f"INSERT INTO outreach_send ({', '.join(_COLUMNS)}) VALUES"
_VALUES = f"({', '.join(['%s'] * len(_COLUMNS))})"


def _row(viewer: Viewer, one: SendIn, now: datetime) -> tuple[Any, ...]:
    """The values of `_COLUMNS`."""
    _check(one)
    due = one.due_at or now
    body = seal(packed(one.text, one.body), BODY_CONTEXT)
    language = viewer.language if viewer.person == one.person else "zh"
    return (
        uuid4(), one.key, one.person, one.kind, str(one.message_class), one.store, *one.subject, body,
        language, due, one.anchor, one.expires_at, due, str(SendState.QUEUED), "", "", 0, viewer.name, now,
    )  # fmt: skip


def packed(text: str | None, fields: dict[str, object]) -> str:
    """The sealed body of a send: its words, or the fields that the words of its kind need."""
    return json.dumps({"text": text, "fields": fields}, cls=DjangoJSONEncoder, ensure_ascii=False)


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


def anchor(*, viewer: Viewer, subject: tuple[str, str], at: datetime) -> int:  # noqa: ARG001 - every action names its viewer; the caller's trail says who moved it
    """The subject is at another time now: what hangs on it and has not gone moves along, expiry too; answers how many."""
    due = at + F("anchor")
    return Send.objects.filter(
        subject_room=subject[0],
        subject_key=subject[1],
        state=SendState.QUEUED,
        handed_at=None,
        anchor__isnull=False,
    ).update(due_at=due, next_at=due, expires_at=F("expires_at") + (due - F("due_at")))


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


def stop(found: QuerySet[Send], reason: str) -> int:
    """End these unsent sends. Whose letter alone is stopped, while the inbox has it, was partly sent."""
    shown = Q(state=SendState.QUEUED, told_at__isnull=False)
    return found.filter(UNSENT).update(
        state=Case(
            When(shown, then=Value(SendState.PARTLY_SENT)),
            default=Value(SendState.CANCELLED),
        ),
        reason=reason[:40],
        done_at=clock.now(),
    )
