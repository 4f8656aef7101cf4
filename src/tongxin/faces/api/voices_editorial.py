"""For who keeps a community: the editorial calendar, the mix, the library; and the brand's own words of moderation."""

import uuid
from datetime import date, datetime, timedelta
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Yes
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation import clock
from tongxin.voices import actions, queries
from tongxin.voices.terms import BODY_MOST, TITLE_MOST, ContentType, EntryState
from tongxin.voices.terms_moderation import WORD_MOST, Category, Level, WordUse

router = Router(tags=["voices"])

Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TITLE_MOST, pattern=PLAIN)]
Draft = Annotated[str, StringConstraints(strip_whitespace=True, max_length=BODY_MOST, pattern=PLAIN)]


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


class WordOut(Out):
    """A word of the brand's own list. `holds` today; `category` and `level` only where it is watched for."""

    id: uuid.UUID
    text: str
    use: WordUse
    category: Category | None
    level: Level | None
    since: date
    until: date | None
    holds: bool


class WordList(Out):
    items: list[WordOut]


def _word(one: queries.WordLine) -> WordOut:
    return WordOut(**{name: getattr(one, name) for name in WordOut.model_fields})


@router.get("/words", url_name="words", operation_id="words.list", response=WordList)
def list_words(request: Asked) -> WordList:
    """The brand's own words, what holds first; the list that comes with the product is not among them."""
    return WordList(items=[_word(one) for one in queries.brand_words(request.viewer)])


class NewWord(In):
    """A word to watch for (`category`, `level`), or a phrase that is fine to say. From `since` (today) to `until` (open)."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=WORD_MOST, pattern=PLAIN)
    ]
    use: WordUse = WordUse.WATCHED
    category: Category | None = None
    level: Level | None = None
    since: date | None = None
    until: date | None = None

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "隔壁那家店", "category": "advert", "level": "hold"}}
    )


@router.post("/words", url_name="words", operation_id="words.add", response={201: WordOut})
@write(201)
def add_word(request: Asked, body: NewWord) -> WordOut:
    """Add one to the list; it judges what is written from then on."""
    made = actions.add_word(viewer=request.viewer, **body.model_dump())
    return _word(next(one for one in queries.brand_words(request.viewer) if one.id == made.public_id))


@router.delete("/words/{uuid:word_id}", url_name="word", operation_id="words.end", response=Done)
@write()
def end_word(request: Asked, word_id: uuid.UUID) -> Done:
    """From today on it does not hold."""
    actions.end_word(viewer=request.viewer, word_id=word_id)
    return Done()
