"""For who keeps a community: the calendar, the library, the mix, and how well members answer each other."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count

from tongxin.communities import queries as communities
from tongxin.communities.models import Community
from tongxin.communities.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.voices.models import CalendarEntry, LibraryItem, MixTarget, Post
from tongxin.voices.rules.answers import Answers, Asked, answers
from tongxin.voices.rules.mix import Share, mix, wanted
from tongxin.voices.terms import (
    EDITORS,
    KEEPERS,
    MIX_OVER,
    RATE_OVER,
    READERS,
    ContentType,
    EntryState,
    PostKind,
    PostState,
)

MOST_QUESTIONS = 5000
ENTRIES = 100


@dataclass(frozen=True)
class EntryLine:
    """One entry of the calendar."""

    id: UUID
    content: ContentType
    title: str
    draft: str
    on: date
    state: EntryState
    post: UUID | None
    item: UUID | None
    late: bool
    version: int


@dataclass(frozen=True)
class Mix:
    """What a community aims for beside what it brought lately, and what to bring next."""

    since: datetime
    shares: tuple[Share, ...]
    next: ContentType
    own_targets: bool


@dataclass(frozen=True)
class ItemLine:
    """A piece of the library."""

    id: UUID
    content: ContentType
    title: str
    body: str
    used: int


def keeps(viewer: Viewer, community_id: UUID) -> Community:
    """A community that the viewer keeps. Refuses `absent`."""
    return communities.access_community(viewer, community_id, Verb.DECIDE)


@dataclass(frozen=True)
class Kept:
    """A community that somebody keeps."""

    id: UUID
    name: str


def kept(viewer: Viewer) -> list[Kept]:
    """The communities that the viewer keeps, open ones first, by name; those of the whole brand only for who reaches all of it."""
    places = viewer.places(KEEPERS)
    rows = Community.objects.exclude(state=State.CLOSED)
    if places is not None:
        rows = rows.filter(store__in=places) if viewer.roles & KEEPERS else rows.none()
    return [Kept(one.public_id, one.name) for one in rows.order_by("-state", "name", "id")]


def calendar(viewer: Viewer, community_id: UUID, *, since: date, until: date) -> list[EntryLine]:
    """What is planned and was brought on days from `since` to `until`. Refuses `absent`."""
    row = keeps(viewer, community_id)
    found = CalendarEntry.objects.select_related("post", "item").filter(
        community=row, on__gte=since, on__lte=until
    )
    today = clock.business_day(clock.now())
    return [
        entry_line(one, today)
        for one in found.exclude(state=EntryState.DROPPED).order_by("on", "id")[:ENTRIES]
    ]


def entry_line(row: CalendarEntry, today: date) -> EntryLine:
    """An entry as it is listed."""
    return EntryLine(
        row.public_id,
        ContentType(row.content),
        row.title,
        row.draft,
        row.on,
        EntryState(row.state),
        None if row.post is None else row.post.public_id,
        None if row.item is None else row.item.public_id,
        row.state == EntryState.PLANNED and row.on < today,
        row.version,
    )


def access_entry(viewer: Viewer, entry_id: UUID) -> CalendarEntry:
    """An entry of a community that the viewer keeps. Refuses `absent`."""
    found = (
        CalendarEntry.objects.select_related("community", "item", "post").filter(public_id=entry_id).first()
    )
    if found is None:
        raise Refused("absent")
    keeps(viewer, found.community.public_id)
    return found


def one_entry(viewer: Viewer, entry_id: UUID) -> EntryLine:
    """One entry. Refuses `absent`."""
    return entry_line(access_entry(viewer, entry_id), clock.business_day(clock.now()))


def content_mix(viewer: Viewer, community_id: UUID) -> Mix:
    """Target share against real share over ninety days. Refuses `absent`."""
    row = communities.access_community(viewer, community_id)
    since = clock.now() - MIX_OVER
    targets = dict(MixTarget.objects.filter(community=row).values_list("content", "share"))
    counts = dict(
        Post.objects.filter(community=row, state=PostState.PUBLISHED, shown_at__gte=since)
        .exclude(content="")
        .values_list("content")
        .annotate(n=Count("id"))
        .order_by()
    )
    shares = mix(
        {ContentType(key): share for key, share in targets.items()},
        {ContentType(key): n for key, n in counts.items()},
    )
    return Mix(since, shares, wanted(shares), bool(targets))


def library(
    viewer: Viewer, *, content: ContentType | None = None, limit: int = 50, cursor: str | None = None
) -> Page[ItemLine]:
    """The pieces on the shelves, for whoever runs communities. Refuses `absent`."""
    if not viewer.roles & READERS:
        raise Refused("absent")
    rows = LibraryItem.objects.filter(retired_at=None)
    if content is not None:
        rows = rows.filter(content=content)
    found = page(rows, by=("id",), limit=limit, cursor=cursor)
    return Page(
        tuple(
            ItemLine(one.public_id, ContentType(one.content), one.title, one.body, one.used)
            for one in found.items
        ),
        found.cursor,
    )


def access_item(viewer: Viewer, item_id: UUID) -> LibraryItem:
    """A piece of the library, to edit: by who edits for the whole brand. Refuses `absent`."""
    found = LibraryItem.objects.filter(public_id=item_id, retired_at=None).first()
    if found is None or not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    return found


def peer_answers(viewer: Viewer, community_id: UUID) -> Answers:
    """How well members answer each other, over the questions of ninety days (the newest 5,000). Refuses `absent`."""
    row = communities.access_community(viewer, community_id)
    found = Post.objects.filter(
        community=row,
        kind=PostKind.QUESTION,
        state=PostState.PUBLISHED,
        root=None,
        shown_at__gte=clock.now() - RATE_OVER,
    ).order_by("-shown_at", "-id")[:MOST_QUESTIONS]
    rows = found.values_list("shown_at", "answered_at", "answered_by_peer")
    return answers([Asked(at, answered, peer) for at, answered, peer in rows if at is not None])
