"""`/handovers`: a champion leaves, another takes over; what is handed over, and the word that it was received."""

import uuid
from datetime import date, datetime

from ninja import Router

from tongxin.champions import actions, queries
from tongxin.champions.queries import HandoverLine
from tongxin.champions.rules.leaving import Thing
from tongxin.champions.terms import Handed
from tongxin.faces.api.shapes import Cursor, Done, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["champions"])


class LeaveIn(In):
    """Who takes over (null: nobody, where nothing waits), and the last day (null: today)."""

    successor: uuid.UUID | None = None
    last_day: date | None = None


class HandedThing(Out):
    """One thing that went over; `key` names it in its own door. Words that name nobody."""

    kind: Handed
    key: str
    said: str
    at: str


class HandoverOut(Out):
    id: uuid.UUID
    store: uuid.UUID
    store_name: str
    leaver: str
    successor: str
    last_day: date
    at: datetime
    received_at: datetime | None
    things: list[HandedThing]


class HandoversOut(Out):
    items: list[HandoverOut]
    cursor: str | None


def _thing(one: Thing) -> HandedThing:
    return HandedThing(kind=one.kind, key=one.key, said=one.said, at=one.at)


def _handover(line: HandoverLine) -> HandoverOut:
    return HandoverOut(
        id=line.id,
        store=line.store,
        store_name=line.store_name,
        leaver=line.leaver,
        successor=line.successor,
        last_day=line.last_day,
        at=line.at,
        received_at=line.received_at,
        things=[_thing(one) for one in line.things],
    )


@router.post(
    "/champions/grants/{uuid:grant_id}/leave",
    url_name="champion.leave",
    operation_id="champions.leave",
    response=HandoverOut,
)
@write()
def leave(request: Asked, grant_id: uuid.UUID, body: LeaveIn) -> HandoverOut:
    """End a champion's grant with a last day and hand over what is open, in one transaction."""
    made = actions.hand_over(
        viewer=request.viewer, grant_id=grant_id, successor_id=body.successor, last_day=body.last_day
    )
    return _handover(queries.handover_line(request.viewer, made))


@router.get(
    "/champions/handovers", url_name="handovers", operation_id="handovers.list", response=HandoversOut
)
def list_handovers(request: Asked, *, limit: Limit = 50, cursor: Cursor | None = None) -> HandoversOut:
    """The hand-overs of the stores in reach, newest first."""
    found = queries.handovers_for(request.viewer, limit=limit, cursor=cursor)
    return HandoversOut(items=[_handover(one) for one in found.items], cursor=found.cursor)


@router.get(
    "/champions/handovers/{uuid:handover_id}",
    url_name="handover",
    operation_id="handovers.read",
    response=HandoverOut,
)
def read_handover(request: Asked, handover_id: uuid.UUID) -> HandoverOut:
    """What was handed over."""
    found = queries.access_handover(request.viewer, handover_id)
    return _handover(queries.handover_line(request.viewer, found))


@router.post(
    "/champions/handovers/{uuid:handover_id}/receive",
    url_name="handover.receive",
    operation_id="handovers.receive",
    response=Done,
)
@write()
def receive(request: Asked, handover_id: uuid.UUID) -> Done:
    """The successor says that everything on the list has arrived."""
    actions.receive_handover(viewer=request.viewer, handover_id=handover_id)
    return Done()
