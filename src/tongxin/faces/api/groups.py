"""`/events/{id}/groups` and `/groups`: neighbours who buy together 拼团."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, StringConstraints

from tongxin.events import actions
from tongxin.events.queries import group_buys as queries
from tongxin.faces.api.shapes import In, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["group buys"])


class Group(Out):
    """A group as everybody may see it: numbers, nobody's name. Complete before `deadline`, or every piece is free again."""

    id: uuid.UUID
    event: uuid.UUID
    title: str
    size: int
    joined: int
    missing: int
    deadline: datetime
    complete: bool
    over: bool
    mine: bool


class Groups(Out):
    items: list[Group]


class ComeFrom(In):
    """`came_from` is the way that led here (`moments`, `chat`, `poster` …): group buys are not served to who comes from Moments."""

    came_from: Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z0-9_:-]*$")] = ""

    model_config = ConfigDict(json_schema_extra={"example": {"came_from": "chat"}})


def _group(one: Any) -> Group:
    same = [name for name in Group.model_fields if name != "id"]
    return Group(id=one.public_id, **{name: getattr(one, name) for name in same})


@router.get(
    "/events/{uuid:event_id}/groups", url_name="event.groups", operation_id="groups.list", response=Groups
)
def list_groups(request: Asked, event_id: uuid.UUID) -> Groups:
    """The open groups of an event, those that end first at the top."""
    return Groups(items=[_group(one) for one in queries.groups_of(request.viewer, event_id)])


@router.post(
    "/events/{uuid:event_id}/groups",
    url_name="event.groups",
    operation_id="groups.open",
    response={201: Group},
)
@write(201)
def open_group(request: Asked, event_id: uuid.UUID, body: ComeFrom) -> Group:
    """Begin a group with a piece of one's own."""
    made = actions.open_group(
        viewer=request.viewer, event_id=event_id, came_from=body.came_from, channel="api"
    )
    return _group(queries.group_card(request.viewer, made.public_id))


@router.get("/groups/{uuid:group_id}", url_name="group", operation_id="groups.read", response=Group)
def read_group(request: Asked, group_id: uuid.UUID) -> Group:
    """One group, for who has its address."""
    return _group(queries.group_card(request.viewer, group_id))


@router.post(
    "/groups/{uuid:group_id}/join", url_name="group.join", operation_id="groups.join", response=Group
)
@write()
def join_group(request: Asked, group_id: uuid.UUID, body: ComeFrom) -> Group:
    """Take a piece in somebody's group; the last one makes it complete and everybody is told."""
    actions.join_group(viewer=request.viewer, group_id=group_id, came_from=body.came_from, channel="api")
    return _group(queries.group_card(request.viewer, group_id))
