"""`/audit`: the trail, for those who audit."""

import json
import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, Limit, Moment, Out
from tongxin.faces.asking import Asked
from tongxin.foundation.audit import queries

router = Router()

Act = Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)]


class Subject(Out):
    room: str
    kind: str
    id: str


class Entry(Out):
    """One act. `position` is its place in the signed chain, null while it waits for the sealer."""

    id: uuid.UUID
    at: datetime
    actor: str
    act: str
    subject: Subject
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str
    position: int | None


class Entries(Out):
    items: list[Entry]
    cursor: str | None


@router.get("/audit", url_name="audit", operation_id="audit.list", response=Entries, tags=["audit"])
def list_entries(
    request: Asked,
    act: Act = "",
    since: Annotated[Moment | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> Entries:
    """The trail, newest first; `act` is a word of the event catalogue such as `people.merged`."""
    page = queries.entries(request.viewer, act=act, since=since, limit=limit, cursor=cursor)
    return Entries(items=[_entry(e) for e in page.items], cursor=page.cursor)


def _entry(entry: Any) -> Entry:
    return Entry(
        id=entry.public_id,
        at=entry.at,
        actor=entry.actor,
        act=entry.act,
        subject=Subject(room=entry.subject_room, kind=entry.subject_kind, id=entry.subject_id),
        before=json.loads(entry.before) if entry.before else None,
        after=json.loads(entry.after) if entry.after else None,
        reason=entry.reason,
        position=entry.position,
    )
