"""The feed round the fire, of one community or of all one's own, and what outsiders see of it. Paged by when something was first seen."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from tongxin.events.terms_after import PhotoState
from tongxin.foundation import prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import LARGEST, Page
from tongxin.voices.queries.cards import COLUMNS, JOINS, Card, Row, card, filled, with_photos
from tongxin.voices.queries.paging import NEWEST, after, check, place
from tongxin.voices.queries.sights import shown
from tongxin.voices.queries.standing import Inside, reader, standing, standing_in_mine

FEW = 20

# One community by its index. The number of rows stands in the text: PostgreSQL can then keep one plan, and planning such a join
# anew takes ten times as long as running it. Of several communities the newest of each, then the newest of those. As quick for a
# million posts as for ten.
_SEEN = """
f.state = 'published' AND f.root_id IS NULL{which} AND (f.shown_at, f.id) < (%(at)s, %(key)s)
    ORDER BY f.shown_at DESC, f.id DESC LIMIT {rows}
"""
_CARDS = "JOIN voices_post p ON p.id = w.id {joins} ORDER BY p.shown_at DESC, p.id DESC"
_FEED = f"""
SELECT {{columns}} FROM (SELECT f.id FROM voices_post f WHERE f.community_id = %(community)s AND {_SEEN}) w {_CARDS}
"""  # noqa: S608 (texts of ours)
_MINE = f"""
SELECT {{columns}} FROM (
    SELECT q.id FROM unnest(%(communities)s::bigint[]) AS k(id) CROSS JOIN LATERAL (
        SELECT f.id, f.shown_at FROM voices_post f WHERE f.community_id = k.id AND {_SEEN}) q
    ORDER BY q.shown_at DESC, q.id DESC LIMIT {{rows}}
) w {_CARDS}
"""  # noqa: S608 (as above)
_TOPIC = f"""
SELECT {{columns}} FROM (
    SELECT f.id FROM voices_post f WHERE f.topic_id = %(topic)s AND f.topic_id IS NOT NULL AND {_SEEN}) w {_CARDS}
"""  # noqa: S608 (as above)
# Outside, the author's newest word is asked at each look; the community's own words and those of staff need none.
_PUBLIC = """
    AND f.visibility = 'public' AND (f.person_id IS NULL OR (
        (SELECT l.granted FROM voices_postlicence l WHERE l.post_id = f.id ORDER BY l.id DESC LIMIT 1)
        AND (SELECT y.state FROM people_customer y WHERE y.id = f.person_id) <> 'erased'))
"""
SHAPES = {"feed": _FEED, "mine": _MINE, "topic": _TOPIC}
KINDS = {"": "", "question": " AND f.kind = 'question'", "post": " AND f.kind = 'post'", "public": _PUBLIC}
SIZES = (FEW + 1, 51, LARGEST + 1)


@cache
def statement(shape: str, kind: str, rows: int) -> str:
    """The text that is asked for so many rows, rounded up to one of a few sizes."""
    size = next(size for size in SIZES if size >= rows)
    return SHAPES[shape].format(columns=COLUMNS, joins=JOINS, which=KINDS[kind], rows=size)


def feed(
    viewer: Viewer, community_id: UUID, *, kind: str = "", limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """What is said in one community, newest first. Refuses `absent`, `communities.not_member`, `communities.rules_unaccepted`."""
    return feed_inside(viewer, reader(viewer, community_id), kind=kind, limit=limit, cursor=cursor)


def feed_inside(
    viewer: Viewer, inside: Inside, *, kind: str = "", limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """The same for a reader whose standing the caller has looked up."""
    given = {"community": inside.community}
    return _page("feed", _known(kind), given, viewer, inside.own, limit=limit, cursor=cursor)


def my_feed(viewer: Viewer, *, kind: str = "", limit: int = FEW, cursor: str | None = None) -> Page[Card]:
    """The same over all communities in which the person is active; of nobody it is empty."""
    mine = [one for one in standing_in_mine(viewer) if one.active]
    if not mine:
        return Page(())
    shape, given = "mine", {"communities": [one.community for one in mine]}
    return _page(shape, _known(kind), given, viewer, mine[0].own, limit=limit, cursor=cursor)


def topic_feed(
    viewer: Viewer, topic: int, own: Sequence[int], *, limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """What is said under a topic that the caller has looked up for this viewer."""
    return _page("topic", "", {"topic": topic}, viewer, own, limit=limit, cursor=cursor)


def public_feed(
    viewer: Viewer, community_id: UUID, *, limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """What anybody may see of a community: posts whose author says yes now. Refuses `absent`."""
    inside = standing(viewer, community_id)
    given, use = {"community": inside.community}, PhotoState.PUBLIC
    return _page("feed", "public", given, viewer, (), limit=limit, cursor=cursor, use=use)


def _known(kind: str) -> str:
    if kind not in ("", "question", "post"):
        raise Refused("input.bad", field="kind", reason="post, question")
    return kind


def _page(
    shape: str,
    kind: str,
    given: dict[str, Any],
    viewer: Viewer,
    own: Sequence[int],
    *,
    limit: int,
    cursor: str | None,
    use: PhotoState = PhotoState.GROUP,
) -> Page[Card]:
    check(limit)
    at, key = place(cursor, first=NEWEST)
    rows = prepared.rows(statement(shape, kind, limit + 1), given | {"at": at, "key": key})
    found: list[Row] = [card(row, viewer.person) for row in rows[:limit]]
    cards = filled(found, viewer.person, own, shown(with_photos(found), use))
    more = len(rows) > limit
    return Page(cards, after(found[-1]) if more else None)
