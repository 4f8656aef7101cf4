"""One post with what stands under it, a topic with what stands in it; and which post may this viewer touch."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.communities.models import Community
from tongxin.communities.terms import State
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page
from tongxin.voices.models import Post, Topic
from tongxin.voices.queries.cards import COLUMNS, JOINS, Card, card, filled, with_photos
from tongxin.voices.queries.feeds import FEW, feed_inside, topic_feed
from tongxin.voices.queries.paging import OLDEST, after, check, place
from tongxin.voices.queries.sights import shown
from tongxin.voices.queries.standing import Inside, reader, standing
from tongxin.voices.terms import PostKind, PostState, TopicState, Visibility

REPLIES = 50
TOPICS = 30


def access_post(viewer: Viewer, post_id: UUID) -> tuple[Post, Inside]:
    """A post that the viewer may read inside its community: seen, or their own, or as who keeps it. Refuses `absent`."""
    found = _by_id(post_id)
    if found is None:
        raise Refused("absent")
    inside = _reads(viewer, found.community)
    if found.state == PostState.PUBLISHED and (found.root is None or found.root.state == PostState.PUBLISHED):
        return found, inside
    own = found.person_id is not None and found.person_id in inside.own
    kept = found.state != PostState.WITHDRAWN and (inside.keeper or own)
    if not kept:
        raise Refused("absent")
    return found, inside


def _by_id(post_id: UUID) -> Post | None:
    """One row by a unique key: `first()` would sort it, and composing the order costs more than asking."""
    return next(iter(Post.objects.select_related("community", "root").filter(public_id=post_id)), None)


def _reads(viewer: Viewer, community: Community) -> Inside:
    """Who may not read there learns nothing, not even that there is something."""
    try:
        return reader(viewer, community.public_id)
    except Refused:
        raise Refused("absent") from None


def access_root(viewer: Viewer, post_id: UUID) -> tuple[Post, Inside]:
    """A seen post or question to reply under. Refuses `absent`, `voices.under` for a reply."""
    found, inside = access_post(viewer, post_id)
    if found.root_id is not None:
        raise Refused("voices.under")
    if found.state != PostState.PUBLISHED:
        raise Refused("voices.closed")
    return found, inside


def own_post(viewer: Viewer, post_id: UUID) -> Post:
    """A post by the viewer: a member's own, wherever they stand now. Refuses `absent`."""
    found = _by_id(post_id)
    if found is None or found.state == PostState.WITHDRAWN:
        raise Refused("absent")
    inside = standing(viewer, found.community.public_id)
    member = viewer.person is not None and found.person_id in inside.own
    colleague = found.person_id is None and viewer.person is None and inside.keeper
    if not (member or colleague):
        raise Refused("absent")
    return found


@dataclass(frozen=True)
class Thread:
    """A post and what stands under it, oldest first; the accepted answer is in front."""

    post: Card
    replies: tuple[Card, ...]
    cursor: str | None
    may_reply: bool
    may_accept: bool
    keeper: bool
    licensed: bool


_POST = f"SELECT {COLUMNS} FROM voices_post p {JOINS} WHERE p.id = %s"  # noqa: S608 (our own columns)
_REPLIES = f"""
SELECT {COLUMNS} FROM (
    SELECT f.id FROM voices_post f WHERE f.root_id = %(root)s AND f.root_id IS NOT NULL AND (f.shown_at, f.id) > (%(at)s, %(key)s)
        AND f.state = 'published' ORDER BY f.shown_at, f.id LIMIT %(n)s
) w JOIN voices_post p ON p.id = w.id {JOINS} ORDER BY p.shown_at, p.id
"""  # noqa: S608 (our own columns)

# The post, and the reader's own replies that nobody has looked at yet.
_WITH_WAITING = f"""
SELECT {COLUMNS} FROM voices_post p {JOINS}
WHERE p.id = ANY(ARRAY(SELECT %(root)s::bigint UNION ALL (SELECT w.id FROM voices_post w WHERE w.root_id = %(root)s
    AND w.shown_at IS NULL AND w.state = 'waiting' AND w.person_id = ANY(%(own)s) ORDER BY w.id LIMIT 5)))
ORDER BY p.root_id IS NOT NULL, p.id
"""  # noqa: S608 (our own columns)


def thread(viewer: Viewer, post_id: UUID, *, limit: int = REPLIES, cursor: str | None = None) -> Thread:
    """One post with its replies, for who may read inside; by the address of a reply the whole. Refuses `absent`."""
    found, inside = access_post(viewer, post_id)
    if found.root is not None and found.root.state == PostState.PUBLISHED:
        found = found.root
    check(limit)
    at, key = place(cursor, first=OLDEST)
    first = prepared.rows(_WITH_WAITING, {"root": found.pk, "own": list(inside.own)})
    root, *waiting = (card(row, viewer.person) for row in first)
    given = {"root": found.pk, "at": at, "key": key, "n": limit + 1}
    rows = [card(row, viewer.person) for row in prepared.rows(_REPLIES, given)]
    more, rows = len(rows) > limit, rows[:limit]
    whole = [root, *(one for one in rows if one.key != root.accepted), *([] if more else waiting)]
    photos = shown(with_photos(whole), PhotoState.GROUP)
    cards = filled(whole, viewer.person, inside.own, photos)
    licensed = found.visibility == Visibility.PUBLIC
    open_ = inside.state == State.OPEN and found.state == PostState.PUBLISHED
    return Thread(
        post=cards[0],
        replies=cards[1:],
        cursor=after(rows[-1]) if more else None,
        may_reply=open_ and (inside.active or (viewer.person is None and inside.looks)),
        may_accept=open_ and inside.active and cards[0].mine and found.kind == PostKind.QUESTION,
        keeper=inside.keeper,
        licensed=licensed,
    )


def one_card(viewer: Viewer, post_id: UUID) -> Card:
    """One post by itself, also a reply. Refuses `absent`."""
    found, inside = access_post(viewer, post_id)
    rows = [card(row, viewer.person) for row in prepared.rows(_POST, [found.pk])]
    return filled(rows, viewer.person, inside.own, shown(with_photos(rows), PhotoState.GROUP))[0]


@dataclass(frozen=True)
class TopicLine:
    """A topic in a list."""

    id: UUID
    name: str
    about: str
    pinned: bool
    open: bool
    posts: int
    last_at: datetime
    version: int


@dataclass(frozen=True)
class TopicPage:
    """A topic with what stands in it."""

    topic: TopicLine
    community: UUID
    community_name: str
    posts: Page[Card]
    may_write: bool
    keeper: bool


def topics(viewer: Viewer, community_id: UUID, *, limit: int = TOPICS) -> list[TopicLine]:
    """The open topics of a community, pinned ones first, then the liveliest. Refuses as `feed`."""
    return _topics(reader(viewer, community_id), limit)


def _topics(inside: Inside, limit: int = TOPICS) -> list[TopicLine]:
    rows = Topic.objects.filter(community=inside.community, state=TopicState.OPEN)
    return [topic_line(row) for row in rows.order_by("-pinned", "-last_at", "-id")[:limit]]


@dataclass(frozen=True)
class TalkPage:
    """What one sees at the fire of a community: where one stands there, what was said, what is talked about."""

    inside: Inside
    posts: Page[Card]
    topics: list[TopicLine]


def talk_page(
    viewer: Viewer, community_id: UUID, *, kind: str = "", limit: int = FEW, cursor: str | None = None
) -> TalkPage:
    """`feed` and `topics` for one page, the standing looked up once. Refuses as `feed`."""
    inside = reader(viewer, community_id)
    posts = feed_inside(viewer, inside, kind=kind, limit=limit, cursor=cursor)
    return TalkPage(inside, posts, _topics(inside))


def topic_line(row: Topic) -> TopicLine:
    """A topic as it is listed."""
    return TopicLine(
        row.public_id,
        row.name,
        row.about,
        row.pinned,
        row.state == TopicState.OPEN,
        row.posts,
        row.last_at,
        row.version,
    )


def topic_page(viewer: Viewer, topic_id: UUID, *, limit: int = FEW, cursor: str | None = None) -> TopicPage:
    """One topic, newest first, for who may read inside. Refuses `absent`."""
    row = next(iter(Topic.objects.select_related("community").filter(public_id=topic_id)), None)
    if row is None:
        raise Refused("absent")
    inside = _reads(viewer, row.community)
    open_ = inside.state == State.OPEN and row.state == TopicState.OPEN
    return TopicPage(
        topic_line(row),
        row.community.public_id,
        row.community.name,
        topic_feed(viewer, row.pk, inside.own, limit=limit, cursor=cursor),
        open_ and (inside.active or (viewer.person is None and inside.looks)),
        inside.keeper,
    )
