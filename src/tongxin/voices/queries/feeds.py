"""The feed round the fire, of one community or of all one's own, and what outsiders see of it. Paged by when something was first seen."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tongxin.events.terms_after import PhotoState
from tongxin.foundation import prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page
from tongxin.voices.queries.cards import COLUMNS, JOINS, Card, Row, card, filled, with_photos
from tongxin.voices.queries.paging import NEWEST, after, check, place
from tongxin.voices.queries.sights import shown
from tongxin.voices.queries.standing import reader, standing, standing_in_mine

FEW = 20

# Of each community its newest by the index, then the newest of those: as quick for a million posts as for ten.
_FEED = """
SELECT {columns} FROM (
    SELECT q.id FROM unnest(%(communities)s::bigint[]) AS k(id) CROSS JOIN LATERAL (
        SELECT f.id, f.shown_at FROM voices_post f WHERE f.community_id = k.id AND f.state = 'published' AND f.root_id IS NULL{which}
            AND (f.shown_at, f.id) < (%(at)s, %(key)s) ORDER BY f.shown_at DESC, f.id DESC LIMIT %(n)s) q
    ORDER BY q.shown_at DESC, q.id DESC LIMIT %(n)s
) w JOIN voices_post p ON p.id = w.id {joins} ORDER BY p.shown_at DESC, p.id DESC
"""
_OF_TOPIC = """
SELECT {columns} FROM (
    SELECT f.id FROM voices_post f WHERE f.topic_id = %(topic)s AND f.topic_id IS NOT NULL AND f.state = 'published'
        AND f.root_id IS NULL AND (f.shown_at, f.id) < (%(at)s, %(key)s) ORDER BY f.shown_at DESC, f.id DESC LIMIT %(n)s
) w JOIN voices_post p ON p.id = w.id {joins} ORDER BY p.shown_at DESC, p.id DESC
"""
# Outside, the author's newest word is asked at each look; the community's own words and those of staff need none.
_PUBLIC = """
    AND f.visibility = 'public' AND (f.person_id IS NULL OR (
        (SELECT l.granted FROM voices_postlicence l WHERE l.post_id = f.id ORDER BY l.id DESC LIMIT 1)
        AND (SELECT y.state FROM people_customer y WHERE y.id = f.person_id) <> 'erased'))
"""
FEED = _FEED.format(columns=COLUMNS, joins=JOINS, which="")
QUESTIONS = _FEED.format(columns=COLUMNS, joins=JOINS, which=" AND f.kind = 'question'")
POSTS = _FEED.format(columns=COLUMNS, joins=JOINS, which=" AND f.kind = 'post'")
OUTSIDE = _FEED.format(columns=COLUMNS, joins=JOINS, which=_PUBLIC)
OF_TOPIC = _OF_TOPIC.format(columns=COLUMNS, joins=JOINS)
BY_KIND = {"": FEED, "question": QUESTIONS, "post": POSTS}


def feed(
    viewer: Viewer, community_id: UUID, *, kind: str = "", limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """What is said in one community, newest first. Refuses `absent`, `communities.not_member`, `communities.rules_unaccepted`."""
    inside = reader(viewer, community_id)
    return _page(
        _which(kind), {"communities": [inside.community]}, viewer, inside.own, limit=limit, cursor=cursor
    )


def my_feed(viewer: Viewer, *, kind: str = "", limit: int = FEW, cursor: str | None = None) -> Page[Card]:
    """The same over all communities in which the person is active; of nobody it is empty."""
    mine = [one for one in standing_in_mine(viewer) if one.active]
    if not mine:
        return Page(())
    communities = {"communities": [one.community for one in mine]}
    return _page(_which(kind), communities, viewer, mine[0].own, limit=limit, cursor=cursor)


def topic_feed(
    viewer: Viewer, topic: int, own: Sequence[int], *, limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """What is said under a topic that the caller has looked up for this viewer."""
    return _page(OF_TOPIC, {"topic": topic}, viewer, own, limit=limit, cursor=cursor)


def public_feed(
    viewer: Viewer, community_id: UUID, *, limit: int = FEW, cursor: str | None = None
) -> Page[Card]:
    """What anybody may see of a community: posts whose author says yes now. Refuses `absent`."""
    inside = standing(viewer, community_id)
    return _page(
        OUTSIDE,
        {"communities": [inside.community]},
        viewer,
        (),
        limit=limit,
        cursor=cursor,
        use=PhotoState.PUBLIC,
    )


def _which(kind: str) -> str:
    if kind not in BY_KIND:
        raise Refused("input.bad", field="kind", reason="post, question")
    return BY_KIND[kind]


def _page(
    statement: str,
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
    rows = prepared.rows(statement, given | {"at": at, "key": key, "n": limit + 1})
    found: list[Row] = [card(row, viewer.person) for row in rows[:limit]]
    cards = filled(found, viewer.person, own, shown(with_photos(found), use))
    more = len(rows) > limit
    return Page(cards, after(found[-1]) if more else None)
