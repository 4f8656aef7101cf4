"""Photos of an event: added, who is seen, how far out, agreed to by those seen."""

import base64
import binascii
import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events import actions, queries
from tongxin.events.terms_after import CAPTION_MOST, PhotoMoment, PhotoState
from tongxin.faces.api.bodies import LONGEST_DATA, large
from tongxin.faces.api.shapes import PLAIN, Done, In, Out, Yes
from tongxin.faces.api.shapes import Moment as Instant
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation.errors import Refused

router = Router(tags=["after the event"])


class PhotoOfSomebody(Out):
    """Somebody seen: masked; a child has neither name nor age here. `uses` are those agreed to."""

    registration: uuid.UUID | None
    companion: uuid.UUID | None
    name: str
    uses: list[PhotoState]


class EventPhoto(Out):
    """A photo as its event's organisers see it. `furthest` is how far it may go now; `why` what is in the way of more."""

    id: uuid.UUID
    moment: PhotoMoment
    caption: str
    state: PhotoState
    furthest: PhotoState
    why: str | None
    missing: int
    said: bool
    child_visible: bool
    strangers: bool
    later: str
    later_at: datetime | None
    version: int
    added_at: datetime
    seen: list[PhotoOfSomebody]


class EventPhotos(Out):
    items: list[EventPhoto]


class NewPhoto(In):
    """`data` is the picture in base64, up to 15 MB of it. It is painted anew: nothing of the file comes along. Private, with a child in it, until said."""

    data: Annotated[str, StringConstraints(max_length=LONGEST_DATA, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
    moment: PhotoMoment = PhotoMoment.DURING
    caption: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=CAPTION_MOST, pattern=PLAIN)
    ] = ""

    model_config = ConfigDict(
        json_schema_extra={"example": {"data": "iVBORw0KGgo=", "moment": "after", "caption": "第一炉"}}
    )


def _photo(found: queries.PhotoLine) -> EventPhoto:
    same = [n for n in EventPhoto.model_fields if n not in {"id", "seen"}]
    return EventPhoto(
        id=found.public_id,
        seen=[
            PhotoOfSomebody(
                registration=one.registration, companion=one.companion, name=one.name, uses=list(one.uses)
            )
            for one in found.seen
        ],
        **{name: getattr(found, name) for name in same},
    )


@router.get(
    "/events/{uuid:event_id}/photos",
    url_name="event.photos",
    operation_id="events.photos",
    response=EventPhotos,
)
def list_photos(request: Asked, event_id: uuid.UUID) -> EventPhotos:
    """All photos of an event, oldest first, the private ones too."""
    return EventPhotos(items=[_photo(one) for one in queries.photos_of(request.viewer, event_id)])


@router.post(
    "/events/{uuid:event_id}/photos",
    url_name="event.photos",
    operation_id="events.photos.add",
    response={201: EventPhoto},
)
@decorate_view(large)
@write(201)
def add_photo(request: Asked, event_id: uuid.UUID, body: NewPhoto) -> EventPhoto:
    """Add one."""
    try:
        data = base64.b64decode(body.data, validate=True)
    except binascii.Error:
        raise Refused("media.not_an_image") from None
    made = actions.add_photo(
        viewer=request.viewer, event_id=event_id, data=data, moment=body.moment, caption=body.caption
    )
    return _photo(queries.photo_line(request.viewer, made.public_id))


@router.get("/photos/{uuid:photo_id}", url_name="photo", operation_id="photos.read", response=EventPhoto)
def read_photo(request: Asked, response: HttpResponse, photo_id: uuid.UUID) -> EventPhoto:
    """One of them, with an ETag for whoever changes it."""
    found = _photo(queries.photo_line(request.viewer, photo_id))
    response["ETag"] = f'"{found.version}"'
    return found


@router.get("/photos/{uuid:photo_id}/file", url_name="photo.file", operation_id="photos.file")
def photo_file(request: Asked, photo_id: uuid.UUID) -> HttpResponse:
    """The picture, to those who may see it now: anybody, those who were there, those seen, or the organisers."""
    found = queries.photo_file(request.viewer, photo_id)
    return HttpResponse(found.path.read_bytes(), content_type=found.content_type)


class ChildSeen(In):
    """A child of a guest: the guest's registration, and the companion who came along."""

    registration: uuid.UUID
    companion: uuid.UUID


class WhoIsSeen(In):
    """Replaces what was said before. `strangers`: somebody who can be recognised is not named."""

    registrations: Annotated[list[uuid.UUID], Field(max_length=60)] = []
    children: Annotated[list[ChildSeen], Field(max_length=60)] = []
    child_visible: Yes
    strangers: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"child_visible": False}})


@router.put(
    "/photos/{uuid:photo_id}/seen", url_name="photo.seen", operation_id="photos.seen", response=EventPhoto
)
@write(matching=True)
def say_seen(request: Asked, photo_id: uuid.UUID, body: WhoIsSeen) -> EventPhoto:
    """Say who is seen; the photo goes in as far as the new ones ask."""
    actions.say_seen(
        viewer=request.viewer,
        photo_id=photo_id,
        version=matched(request),
        registrations=body.registrations,
        children=[(one.registration, one.companion) for one in body.children],
        child_visible=body.child_visible,
        strangers=body.strangers,
    )
    return _photo(queries.photo_line(request.viewer, photo_id))


class PhotoMove(In):
    """Where to; with `at` later, and then it is asked again."""

    state: PhotoState
    at: Instant | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"state": "group"}})


@router.put(
    "/photos/{uuid:photo_id}/state", url_name="photo.state", operation_id="photos.move", response=EventPhoto
)
@write(matching=True)
def move_photo(request: Asked, photo_id: uuid.UUID, body: PhotoMove) -> EventPhoto:
    """Move it; outwards only with the live yes of everybody seen, and for a child with the guardian's."""
    actions.set_photo_state(
        viewer=request.viewer, photo_id=photo_id, version=matched(request), **body.model_dump()
    )
    return _photo(queries.photo_line(request.viewer, photo_id))


class PhotoSpot(In):
    """Another event (the photo must be public) or the shelf of a kit (it must be for adverts)."""

    event: uuid.UUID | None = None
    kit: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9-]*$")] = ""

    model_config = ConfigDict(json_schema_extra={"example": {"kit": "little-bakers"}})


@router.post(
    "/photos/{uuid:photo_id}/places", url_name="photo.places", operation_id="photos.show", response=Done
)
@write()
def show_photo(request: Asked, photo_id: uuid.UUID, body: PhotoSpot) -> Done:
    """Show it elsewhere as well. The place only points at the photo."""
    actions.show_photo(viewer=request.viewer, photo_id=photo_id, event_id=body.event, kit=body.kit)
    return Done()


@router.post(
    "/photos/{uuid:photo_id}/places/remove", url_name="photo.hide", operation_id="photos.hide", response=Done
)
@write()
def hide_photo(request: Asked, photo_id: uuid.UUID, body: PhotoSpot) -> Done:
    """Take it down there."""
    actions.hide_photo(viewer=request.viewer, photo_id=photo_id, event_id=body.event, kit=body.kit)
    return Done()


@router.delete("/photos/{uuid:photo_id}", url_name="photo", operation_id="photos.remove", response=Done)
@write()
def remove_photo(request: Asked, photo_id: uuid.UUID) -> Done:
    """The picture goes for good, from everywhere."""
    actions.remove_photo(viewer=request.viewer, photo_id=photo_id)
    return Done()


class PhotoOfMine(Out):
    """A photo in which one is seen, or (with `companion`) one's child; `uses` are those agreed to."""

    id: uuid.UUID
    event: uuid.UUID
    title: str
    at: datetime
    companion: uuid.UUID | None
    child: str
    state: PhotoState
    uses: list[PhotoState]


class PhotosOfMine(Out):
    items: list[PhotoOfMine]


@router.get("/me/photos", url_name="me.photos", operation_id="me.photos", response=PhotosOfMine)
def my_photos(request: Asked) -> PhotosOfMine:
    """Where one is seen, and one's children."""
    same = [n for n in PhotoOfMine.model_fields if n not in {"id", "uses"}]
    return PhotosOfMine(items=[_of_mine(one, same) for one in queries.my_photos(request.viewer)])


def _of_mine(one: Any, same: list[str]) -> PhotoOfMine:
    return PhotoOfMine(id=one.public_id, uses=list(one.uses), **{name: getattr(one, name) for name in same})


class PhotoWord(In):
    """A yes or no to one use, for oneself or as guardian for a child. A yes includes what is further in."""

    use: PhotoState
    granted: Yes
    companion: uuid.UUID | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"use": "group", "granted": True}})


@router.put("/me/photos/{uuid:photo_id}", url_name="me.photo", operation_id="me.photo.answer", response=Done)
@write()
def answer_photo(request: Asked, photo_id: uuid.UUID, body: PhotoWord) -> Done:
    """Answer. A no pulls the photo back at once, from everywhere."""
    actions.answer_photo(viewer=request.viewer, photo_id=photo_id, channel="api", **body.model_dump())
    return Done()


class PhotosBack(Out):
    """How many photos were pulled back."""

    photos: int


@router.post(
    "/me/photos/withdraw",
    url_name="me.photos.withdraw",
    operation_id="me.photos.withdraw",
    response=PhotosBack,
)
@write()
def withdraw(request: Asked) -> PhotosBack:
    """No to every use of every photo of oneself and one's children."""
    return PhotosBack(photos=actions.withdraw_photos(viewer=request.viewer))
