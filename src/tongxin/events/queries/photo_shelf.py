"""The photos of all events in reach, as headquarters looks through them: how far out each stands, and what is in the way of more."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count

from tongxin.events.models import Photo, PhotoPlace
from tongxin.events.queries.access import ORGANISERS
from tongxin.events.queries.photos import PhotoLine, access_photo, lines
from tongxin.events.terms_after import LADDER, PhotoState
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page


@dataclass(frozen=True)
class PhotoSpot:
    """Where else a photo is shown: another event by its title, or the shelf of a kit by its code."""

    event: UUID | None
    title: str
    kit: str


@dataclass(frozen=True)
class ShelfLine:
    """A photo with where it was taken and where it is shown."""

    photo: PhotoLine
    event: UUID
    title: str
    store: str
    starts_at: datetime
    simulated: bool
    spots: tuple[PhotoSpot, ...]


def photo_shelf(
    viewer: Viewer, state: PhotoState | None = None, *, limit: int = 50, cursor: str | None = None
) -> Page[ShelfLine]:
    """Photos in reach, newest first; with `state` those that were put there. Refuses `absent` to who does not organise."""
    rows = _in_reach(viewer).select_related("occurrence__store")
    if state is not None:
        rows = rows.filter(state=state)
    found = page(rows, by=("-id",), limit=limit, cursor=cursor)
    said, spots = lines(found.items), _spots([row.pk for row in found.items])
    return Page(
        tuple(
            ShelfLine(
                line,
                row.occurrence.public_id,
                row.occurrence.title,
                row.occurrence.store.name,
                row.occurrence.starts_at,
                row.occurrence.simulated,
                tuple(spots[row.pk]),
            )
            for row, line in zip(found.items, said, strict=True)
        ),
        found.cursor,
    )


def photo_counts(viewer: Viewer) -> dict[PhotoState, int]:
    """How many stand in each state. Refuses as `photo_shelf`."""
    found = dict(_in_reach(viewer).order_by().values_list("state").annotate(n=Count("pk")))
    return {state: found.get(state, 0) for state in LADDER}


def spots_of(viewer: Viewer, photo_id: UUID) -> tuple[PhotoSpot, ...]:
    """Where else one photo is shown. Refuses `absent`."""
    found = access_photo(viewer, photo_id)
    return tuple(_spots([found.pk])[found.pk])


def _in_reach(viewer: Viewer) -> Any:
    if not viewer.roles & ORGANISERS:
        raise Refused("absent")
    rows, places = Photo.objects.filter(gone_at=None), viewer.places(ORGANISERS)
    return rows if places is None else rows.filter(occurrence__store__in=places)


def _spots(photos: list[int]) -> dict[int, list[PhotoSpot]]:
    found: dict[int, list[PhotoSpot]] = defaultdict(list)
    for row in PhotoPlace.objects.filter(photo__in=photos).select_related("occurrence").order_by("id"):
        event = row.occurrence
        found[row.photo_id].append(
            PhotoSpot(event.public_id if event else None, event.title if event else "", row.kit)
        )
    return found
