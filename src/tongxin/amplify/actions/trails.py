"""How acts of this room stand in the trail and in the book, and what members are told: the one place that spells their subjects."""

from datetime import datetime
from typing import Any

from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.people import ledger
from tongxin.people.rules import DeedIn

ROOM = "amplify"


def note(
    viewer: Viewer,
    act: str,
    kind: str,
    key: Any,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """An act on a thing of this room: ids, states and fen, never words of a person."""
    trail(viewer=viewer, act=act, subject=(ROOM, kind, str(key)), before=before, after=after, reason=reason)


def book(
    *,
    person: int,
    kind: str,
    source: str,
    at: datetime,
    store: int | None = None,
    counterpart: int | None = None,
    community: int | None = None,
) -> None:
    """Write one deed down; the same source again changes nothing."""
    ledger.write(
        [
            DeedIn(
                person=person,
                kind=kind,
                occurred_at=at,
                source_system=ROOM,
                source_id=source,
                store=store,
                counterpart=counterpart,
                community=community,
            )
        ]
    )


def tell(
    *, viewer: Viewer, person: int, kind: str, subject: Any, body: dict[str, str], store: int | None = None
) -> None:
    """One letter to one member about one thing, told once."""
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=person,
                kind=kind,
                body=body,
                message_class=MessageClass.SERVICE,
                subject=(ROOM, str(subject)),
                key=f"{kind}:{subject}:{person}",
                store=store,
            )
        ],
    )
