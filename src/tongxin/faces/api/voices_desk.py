"""Photos of posts, and topics."""

import base64
import binascii
import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events.terms_after import PhotoState
from tongxin.faces.api.bodies import LONGEST_DATA, large
from tongxin.faces.api.posts import FeedOut, feed_out
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Yes
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation.errors import Refused
from tongxin.voices import actions, queries
from tongxin.voices.terms import ABOUT_MOST, TOPIC_MOST

router = Router(tags=["voices"])

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TOPIC_MOST, pattern=PLAIN)
]
About = Annotated[str, StringConstraints(strip_whitespace=True, max_length=ABOUT_MOST, pattern=PLAIN)]


class PhotoOfPost(Out):
    """A photo as its author sees it. `furthest` is how far it may be now; `why` what is in the way of more."""

    id: uuid.UUID
    post: uuid.UUID
    state: PhotoState
    furthest: PhotoState
    why: str | None
    children: int
    strangers: bool
    version: int


class PhotosOfPost(Out):
    items: list[PhotoOfPost]


def _photo(one: queries.OwnPhoto) -> PhotoOfPost:
    return PhotoOfPost(**{name: getattr(one, name) for name in PhotoOfPost.model_fields})


@router.get(
    "/posts/{uuid:post_id}/photos", url_name="post.photos", operation_id="posts.photos", response=PhotosOfPost
)
def list_post_photos(request: Asked, post_id: uuid.UUID) -> PhotosOfPost:
    """All photos of one's own post."""
    return PhotosOfPost(items=[_photo(one) for one in queries.photos_of(request.viewer, post_id)])


class NewPostPhoto(In):
    """`data` is the picture in base64; it is painted anew. `children` are one's own companions who are seen, `strangers` others.

    `show` says yes, for oneself and as guardian, to showing it in the community.
    """

    data: Annotated[str, StringConstraints(max_length=LONGEST_DATA, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
    children: Annotated[list[uuid.UUID], Field(max_length=6)] = []
    strangers: Yes = False
    show: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"data": "iVBORw0KGgo=", "show": True}})


@router.post(
    "/posts/{uuid:post_id}/photos",
    url_name="post.photos",
    operation_id="posts.photos.add",
    response={201: PhotoOfPost},
)
@decorate_view(large)
@write(201)
def add_post_photo(request: Asked, post_id: uuid.UUID, body: NewPostPhoto) -> PhotoOfPost:
    """Add one to one's own post."""
    try:
        data = base64.b64decode(body.data, validate=True)
    except binascii.Error:
        raise Refused("media.not_an_image") from None
    made = actions.add_photo(
        viewer=request.viewer,
        post_id=post_id,
        data=data,
        children=body.children,
        strangers=body.strangers,
        show=body.show,
        channel="api",
    )
    return _photo(queries.own_photo(request.viewer, made.public_id))


@router.get("/post-photos/{uuid:photo_id}/file", url_name="post_photo.file", operation_id="post_photos.file")
def post_photo_file(request: Asked, photo_id: uuid.UUID) -> HttpResponse:
    """The picture, to those who may see it now."""
    found = queries.picture_file(request.viewer, photo_id)
    return HttpResponse(found.path.read_bytes(), content_type=found.content_type)


class PostPhotoMove(In):
    """How far out: private, group, public or advert. A yes up to there, for oneself and for the children seen."""

    state: PhotoState

    model_config = ConfigDict(json_schema_extra={"example": {"state": "group"}})


@router.put(
    "/post-photos/{uuid:photo_id}",
    url_name="post_photo",
    operation_id="post_photos.show",
    response=PhotoOfPost,
)
@write()
def show_post_photo(request: Asked, photo_id: uuid.UUID, body: PostPhotoMove) -> PhotoOfPost:
    """Say how far out one's photo may be; inwards holds at once."""
    actions.show_photo(viewer=request.viewer, photo_id=photo_id, state=body.state, channel="api")
    return _photo(queries.own_photo(request.viewer, photo_id))


@router.delete(
    "/post-photos/{uuid:photo_id}", url_name="post_photo", operation_id="post_photos.remove", response=Done
)
@write()
def remove_post_photo(request: Asked, photo_id: uuid.UUID) -> Done:
    """The picture goes for good."""
    actions.remove_photo(viewer=request.viewer, photo_id=photo_id)
    return Done()


class TopicOut(Out):
    """A topic. `posts` counts what is seen under it."""

    id: uuid.UUID
    name: str
    about: str
    pinned: bool
    open: bool
    posts: int
    last_at: datetime
    version: int


class TopicList(Out):
    items: list[TopicOut]


def _topic(one: queries.TopicLine) -> TopicOut:
    return TopicOut(**{name: getattr(one, name) for name in TopicOut.model_fields})


@router.get(
    "/communities/{uuid:community_id}/topics",
    url_name="community.topics",
    operation_id="topics.list",
    response=TopicList,
)
def list_topics(request: Asked, community_id: uuid.UUID) -> TopicList:
    """Open topics, pinned ones first, then the liveliest."""
    return TopicList(items=[_topic(one) for one in queries.topics(request.viewer, community_id)])


class TopicBody(In):
    """Its name, what it is about, whether it stays on top."""

    name: Name
    about: About = ""
    pinned: Yes = False

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "第一口肉泥", "about": "怎么开始，怎么不吐"}}
    )


@router.post(
    "/communities/{uuid:community_id}/topics",
    url_name="community.topics",
    operation_id="topics.open",
    response={201: TopicOut},
)
@write(201)
def open_topic(request: Asked, community_id: uuid.UUID, body: TopicBody) -> TopicOut:
    """Give something a name under which people talk."""
    made = actions.open_topic(viewer=request.viewer, community_id=community_id, **body.model_dump())
    return _topic(queries.topic_page(request.viewer, made.public_id, limit=1).topic)


class TopicFeed(Out):
    topic: TopicOut
    community: uuid.UUID
    posts: FeedOut


@router.get("/topics/{uuid:topic_id}", url_name="topic", operation_id="topics.read", response=TopicFeed)
def read_topic(
    request: Asked,
    response: HttpResponse,
    topic_id: uuid.UUID,
    limit: Limit = 20,
    cursor: Cursor | None = None,
) -> TopicFeed:
    """One topic with what stands in it, newest first, with an ETag."""
    found = queries.topic_page(request.viewer, topic_id, limit=limit, cursor=cursor)
    response["ETag"] = f'"{found.topic.version}"'
    return TopicFeed(topic=_topic(found.topic), community=found.community, posts=feed_out(found.posts))


@router.put("/topics/{uuid:topic_id}", url_name="topic", operation_id="topics.change", response=TopicOut)
@write(matching=True)
def change_topic(request: Asked, topic_id: uuid.UUID, body: TopicBody) -> TopicOut:
    """Name it anew, pin it or not."""
    actions.change_topic(
        viewer=request.viewer, topic_id=topic_id, version=matched(request), **body.model_dump()
    )
    return _topic(queries.topic_page(request.viewer, topic_id, limit=1).topic)


@router.delete("/topics/{uuid:topic_id}", url_name="topic", operation_id="topics.close", response=Done)
@write()
def close_topic(request: Asked, topic_id: uuid.UUID) -> Done:
    """Nothing more is said under it; what was said stays."""
    actions.close_topic(viewer=request.viewer, topic_id=topic_id)
    return Done()
