"""A post as it is read: one statement's columns, one card, the same for feed, topic, thread and public page."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tongxin.communities.terms import PARTS, Part
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import prepared
from tongxin.voices.terms import ContentType, PostKind, PostState, ReactionKind, Visibility


@dataclass(frozen=True)
class PhotoCard:
    """A photo that may be shown to this reader now."""

    id: UUID
    state: PhotoState


@dataclass(frozen=True)
class Card:
    """One post. `mine`: by the reader; `reacted`: what the reader tapped; `answer`: the accepted one of a question."""

    id: UUID
    kind: PostKind
    state: PostState
    visibility: Visibility
    body: str
    content: ContentType | None
    name: str
    part: tuple[str, str] | None
    peer: bool
    mine: bool
    community: UUID
    community_name: str
    topic: UUID | None
    topic_name: str
    root: UUID | None
    replies: int
    useful: int
    liked: int
    same: int
    version: int
    written_at: datetime
    shown_at: datetime | None
    edited: bool
    accepted: bool
    reasons: tuple[str, ...] = ()
    reacted: frozenset[ReactionKind] = frozenset()
    photos: tuple[PhotoCard, ...] = ()
    answer: "Card | None" = None


@dataclass(frozen=True)
class Row:
    """A card with what its readers need to fill it up."""

    key: int
    accepted: int | None
    photos: int
    card: Card


# The name: the persona, else the member's, else the community's own. Who was merged speaks under the surviving name.
COLUMNS = """
    p.id, p.accepted_id, p.photos, p.public_id, p.kind, p.state, p.visibility, p.body, p.content,
    coalesce(nullif(t.shown_as, ''), s.nickname, a.nickname, c.name), t.part, p.peer,
    coalesce(a.survivor_id, a.id), c.public_id, c.name, o.public_id, o.name, r.public_id, p.replies, p.useful, p.liked, p.same,
    p.version, p.written_at, p.shown_at, p.edited_at IS NOT NULL, p.accepted_id IS NOT NULL OR coalesce(r.accepted_id = p.id, false),
    p.reasons
"""
JOINS = """
    JOIN communities_community c ON c.id = p.community_id
    LEFT JOIN people_customer a ON a.id = p.person_id LEFT JOIN people_customer s ON s.id = a.survivor_id
    LEFT JOIN communities_partterm t ON t.id = p.persona_id
    LEFT JOIN voices_topic o ON o.id = p.topic_id LEFT JOIN voices_post r ON r.id = p.root_id
"""


def card(row: Sequence[Any], person: int | None) -> Row:
    """A row of `COLUMNS` for this reader. Why a post waits is for its author alone."""
    part = None if not row[10] else (PARTS[Part(row[10])].zh, PARTS[Part(row[10])].en)
    mine = person is not None and row[12] == person
    return Row(
        row[0],
        row[1],
        row[2],
        Card(
            id=row[3],
            kind=PostKind(row[4]),
            state=PostState(row[5]),
            visibility=Visibility(row[6]),
            body=row[7],
            content=ContentType(row[8]) if row[8] else None,
            name=row[9],
            part=part,
            peer=row[11],
            mine=mine,
            community=row[13],
            community_name=row[14],
            topic=row[15],
            topic_name=row[16] or "",
            root=row[17],
            replies=row[18],
            useful=row[19],
            liked=row[20],
            same=row[21],
            version=row[22],
            written_at=row[23],
            shown_at=row[24],
            edited=row[25],
            accepted=row[26],
            reasons=_reasons(row[27]) if mine else (),
        ),
    )


def _reasons(value: Any) -> tuple[str, ...]:
    """Codes, as the column keeps them: JSON comes as text where a statement is written by hand."""
    return tuple(json.loads(value) if isinstance(value, str) else value)


_ACCEPTED = f"SELECT {COLUMNS} FROM voices_post p {JOINS} WHERE p.id = ANY(%s) AND p.state = 'published'"  # noqa: S608 (our own columns)
_REACTED = "SELECT post_id, array_agg(kind) FROM voices_reaction WHERE post_id = ANY(%s) AND person_id = ANY(%s) GROUP BY post_id"


def filled(
    rows: Sequence[Row], person: int | None, own: Sequence[int], photos: dict[int, tuple[PhotoCard, ...]]
) -> tuple[Card, ...]:
    """The cards with accepted answers, the reader's own taps and photos: two statements however many."""
    accepted = {
        one.accepted for one in rows if one.accepted is not None and one.card.kind is PostKind.QUESTION
    }
    answers = (
        {
            one.key: one.card
            for one in (card(row, person) for row in prepared.rows(_ACCEPTED, [list(accepted)]))
        }
        if accepted
        else {}
    )
    taps = _taps([one.key for one in rows], own)
    return tuple(
        replace(
            one.card,
            reacted=taps.get(one.key, frozenset()),
            photos=photos.get(one.key, ()),
            answer=answers.get(one.accepted or 0),
        )
        for one in rows
    )


def _taps(posts: Sequence[int], own: Sequence[int]) -> dict[int, frozenset[ReactionKind]]:
    if not posts or not own:
        return {}
    found = prepared.rows(_REACTED, [list(posts), list(own)])
    return {post: frozenset(ReactionKind(kind) for kind in kinds) for post, kinds in found}


def with_photos(rows: Iterable[Row]) -> list[int]:
    """The posts among them that have photos at all."""
    return [one.key for one in rows if one.photos]
