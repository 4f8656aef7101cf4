"""`/events/{id}/allotments`: places kept for a ring or a tag until a time."""

import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events import actions
from tongxin.events.queries.kept_places import kept_places
from tongxin.faces.api.shapes import In, Moment, Out
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked

router = Router(tags=["allotments"])


class Pool(Out):
    """Places of an event; `audience` empty is everybody's."""

    audience: str
    size: int
    taken: int
    held: int
    release_at: datetime | None
    released_at: datetime | None


class Pools(Out):
    """`version` is the event's, and what `If-Match` takes."""

    version: int
    items: list[Pool]


class Keep(In):
    """How many places are kept for a ring (`ring:middle`) or a tag (`tag:…`); at `release_at` they go to everybody."""

    audience: Annotated[str, StringConstraints(pattern=r"^(ring:(outer|middle|inner)|tag:.{1,40})$")]
    size: Annotated[int, Field(strict=True, ge=0, le=100_000)]
    release_at: Moment | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"audience": "ring:middle", "size": 6, "release_at": "2026-03-20T18:00:00+08:00"}
        }
    )


def _pools(request: Asked, event_id: uuid.UUID) -> Pools:
    event, kept = kept_places(request.viewer, event_id)
    names = Pool.model_fields
    items = [Pool(**{name: getattr(one, name) for name in names}) for one in kept]
    return Pools(version=event.version, items=items)


@router.get(
    "/events/{uuid:event_id}/allotments",
    url_name="event.allotments",
    operation_id="allotments.read",
    response=Pools,
)
def read_allotments(request: Asked, event_id: uuid.UUID, response: HttpResponse) -> Pools:
    """Everybody's places and what is kept for whom, with the ETag of the event."""
    found = _pools(request, event_id)
    response["ETag"] = f'"{found.version}"'
    return found


@router.put(
    "/events/{uuid:event_id}/allotments",
    url_name="event.allotments",
    operation_id="allotments.set",
    response=Pools,
)
@write(matching=True)
def set_allotment(request: Asked, event_id: uuid.UUID, body: Keep) -> Pools:
    """Keep places for an audience, or change how many. They come from everybody's free ones and go back there."""
    actions.allot(viewer=request.viewer, event_id=event_id, version=matched(request), **body.model_dump())
    return _pools(request, event_id)
