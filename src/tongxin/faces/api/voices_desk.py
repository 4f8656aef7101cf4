"""Photos of posts, topics, and for who keeps a community: the editorial calendar, the mix, the library."""

import base64
import binascii
import uuid
from datetime import date, datetime, timedelta
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
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.voices import actions, queries
from tongxin.voices.terms import ABOUT_MOST, BODY_MOST, TITLE_MOST, TOPIC_MOST, ContentType, EntryState

router = Router(tags=["voices"])

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TOPIC_MOST, pattern=PLAIN)
]
About = Annotated[str, StringConstraints(strip_whitespace=True, max_length=ABOUT_MOST, pattern=PLAIN)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TITLE_MOST, pattern=PLAIN)]
Draft = Annotated[str, StringConstraints(strip_whitespace=True, max_length=BODY_MOST, pattern=PLAIN)]


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


class EntryOut(Out):
    """One entry of the editorial calendar; `post` is what it became."""

    id: uuid.UUID
    content: ContentType
    title: str
    draft: str
    on: date
    state: EntryState
    post: uuid.UUID | None
    item: uuid.UUID | None
    late: bool
    version: int


class EntryList(Out):
    items: list[EntryOut]


def _entry(one: queries.EntryLine) -> EntryOut:
    return EntryOut(**{name: getattr(one, name) for name in EntryOut.model_fields})


@router.get(
    "/communities/{uuid:community_id}/calendar",
    url_name="community.calendar",
    operation_id="calendar.list",
    response=EntryList,
)
def list_entries(
    request: Asked, community_id: uuid.UUID, since: date | None = None, until: date | None = None
) -> EntryList:
    """What the community brings: from a week ago to four weeks ahead unless said otherwise."""
    today = clock.business_day(clock.now())
    found = queries.calendar(
        request.viewer,
        community_id,
        since=since or today - timedelta(days=7),
        until=until or today + timedelta(days=28),
    )
    return EntryList(items=[_entry(one) for one in found])


class NewEntry(In):
    """A day and a type; from a piece of the library (`item`) its type, title and words are taken where none are given."""

    on: date
    title: Title = ""
    content: ContentType | None = None
    draft: Draft = ""
    item: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={"example": {"on": "2026-03-09", "title": "南瓜泥的三种稠度", "content": "tip"}}
    )


@router.post(
    "/communities/{uuid:community_id}/calendar",
    url_name="community.calendar",
    operation_id="calendar.plan",
    response={201: EntryOut},
)
@write(201)
def plan_entry(request: Asked, community_id: uuid.UUID, body: NewEntry) -> EntryOut:
    """Plan what is brought on a day."""
    made = actions.plan_entry(
        viewer=request.viewer,
        community_id=community_id,
        on=body.on,
        title=body.title,
        content=body.content,
        draft=body.draft,
        item_id=body.item,
    )
    return _entry(queries.one_entry(request.viewer, made.public_id))


@router.get(
    "/calendar-entries/{uuid:entry_id}",
    url_name="calendar_entry",
    operation_id="calendar.read",
    response=EntryOut,
)
def read_entry(request: Asked, response: HttpResponse, entry_id: uuid.UUID) -> EntryOut:
    """One entry, with an ETag."""
    found = queries.one_entry(request.viewer, entry_id)
    response["ETag"] = f'"{found.version}"'
    return _entry(found)


class EntryBody(In):
    """Another day, title, draft."""

    on: date
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MOST, pattern=PLAIN)
    ]
    draft: Draft = ""

    model_config = ConfigDict(
        json_schema_extra={"example": {"on": "2026-03-10", "title": "南瓜泥的三种稠度"}}
    )


@router.put(
    "/calendar-entries/{uuid:entry_id}",
    url_name="calendar_entry",
    operation_id="calendar.change",
    response=EntryOut,
)
@write(matching=True)
def change_entry(request: Asked, entry_id: uuid.UUID, body: EntryBody) -> EntryOut:
    """Move or reword it while it is planned."""
    actions.change_entry(
        viewer=request.viewer, entry_id=entry_id, version=matched(request), **body.model_dump()
    )
    return _entry(queries.one_entry(request.viewer, entry_id))


@router.delete(
    "/calendar-entries/{uuid:entry_id}",
    url_name="calendar_entry",
    operation_id="calendar.drop",
    response=Done,
)
@write()
def drop_entry(request: Asked, entry_id: uuid.UUID) -> Done:
    """It is not brought after all."""
    actions.drop_entry(viewer=request.viewer, entry_id=entry_id)
    return Done()


class EntryPublished(In):
    """Other words than the draft's, a topic to stand in."""

    body: Draft = ""
    topic: uuid.UUID | None = None
    public: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"body": "今天聊聊南瓜泥的三种稠度。"}})


@router.post(
    "/calendar-entries/{uuid:entry_id}/publish",
    url_name="calendar_entry.publish",
    operation_id="calendar.publish",
    response=EntryOut,
)
@write()
def publish_entry(request: Asked, entry_id: uuid.UUID, body: EntryPublished) -> EntryOut:
    """Bring it, once, as a post of the community; it counts for the mix."""
    actions.publish_entry(viewer=request.viewer, entry_id=entry_id, **body.model_dump())
    return _entry(queries.one_entry(request.viewer, entry_id))


class ShareOut(Out):
    """One type: per cent aimed for and brought; `gap` above zero is too little of it."""

    content: ContentType
    target: int
    count: int
    real: float | None
    gap: float | None


class MixOut(Out):
    """Over ninety days. `next` is what to bring next; `own_targets` false means the usual shares."""

    since: datetime
    shares: list[ShareOut]
    next: ContentType
    own_targets: bool


def _mix(found: queries.Mix) -> MixOut:
    return MixOut(
        since=found.since,
        shares=[
            ShareOut(**{name: getattr(one, name) for name in ShareOut.model_fields}) for one in found.shares
        ],
        next=found.next,
        own_targets=found.own_targets,
    )


@router.get(
    "/communities/{uuid:community_id}/mix",
    url_name="community.mix",
    operation_id="communities.mix",
    response=MixOut,
)
def read_mix(request: Asked, community_id: uuid.UUID) -> MixOut:
    """What a community aims for beside what it brought."""
    return _mix(queries.content_mix(request.viewer, community_id))


class MixBody(In):
    """Per cent by type, together a hundred; none goes back to the usual shares."""

    targets: dict[ContentType, Annotated[int, Field(strict=True, ge=0, le=100)]]

    model_config = ConfigDict(json_schema_extra={"example": {"targets": {"tip": 60, "story": 40}}})


@router.put(
    "/communities/{uuid:community_id}/mix",
    url_name="community.mix",
    operation_id="communities.set_mix",
    response=MixOut,
)
@write()
def set_mix(request: Asked, community_id: uuid.UUID, body: MixBody) -> MixOut:
    """Set the shares a community aims for."""
    actions.set_mix(viewer=request.viewer, community_id=community_id, targets=body.targets)
    return _mix(queries.content_mix(request.viewer, community_id))


class ItemOut(Out):
    """A piece of the content library; `used` counts how often it was brought."""

    id: uuid.UUID
    content: ContentType
    title: str
    body: str
    used: int


class ItemPage(Out):
    items: list[ItemOut]
    cursor: str | None


@router.get("/library", url_name="library", operation_id="library.list", response=ItemPage)
def list_library(
    request: Asked, content: ContentType | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> ItemPage:
    """The pieces on the shelves, by type."""
    found = queries.library(request.viewer, content=content, limit=limit, cursor=cursor)
    return ItemPage(
        items=[ItemOut(**{name: getattr(one, name) for name in ItemOut.model_fields}) for one in found.items],
        cursor=found.cursor,
    )


class NewItem(In):
    """A piece for all communities."""

    content: ContentType
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MOST, pattern=PLAIN)
    ]
    body: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BODY_MOST, pattern=PLAIN)
    ]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"content": "tip", "title": "南瓜泥的三种稠度", "body": "先稀后稠，三天一档。"}
        }
    )


@router.post("/library", url_name="library", operation_id="library.add", response={201: ItemOut})
@write(201)
def add_item(request: Asked, body: NewItem) -> ItemOut:
    """Put a piece on its shelf."""
    made = actions.add_item(viewer=request.viewer, **body.model_dump())
    return ItemOut(id=made.public_id, content=body.content, title=made.title, body=made.body, used=0)


@router.delete(
    "/library/{uuid:item_id}", url_name="library_item", operation_id="library.retire", response=Done
)
@write()
def retire_item(request: Asked, item_id: uuid.UUID) -> Done:
    """Take it off its shelf."""
    actions.retire_item(viewer=request.viewer, item_id=item_id)
    return Done()
