"""What is said in communities: feeds, posts, questions and answers, taps, the author's word about showing it outside."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events.terms_after import PhotoState
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Yes
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation.pages import Page
from tongxin.voices import actions, queries
from tongxin.voices.terms import BODY_MOST, ContentType, PostKind, PostState, ReactionKind, Visibility

router = Router(tags=["voices"])

Body = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=BODY_MOST, pattern=PLAIN)
]


class PictureOfPost(Out):
    """A photo that may be shown to the reader now; its bytes are at `/post-photos/{id}/file`."""

    id: uuid.UUID
    state: PhotoState


class PostOut(Out):
    """One post. `name` is the author's: a nickname, or the persona under which staff serve (then `part_zh` says as what).

    `accepted` is true of an accepted answer and of a question that has one; `answer` is that answer. `reasons` says to the author
    alone why it waits.
    """

    id: uuid.UUID
    kind: PostKind
    state: PostState
    visibility: Visibility
    body: str
    content: ContentType | None
    name: str
    part_zh: str | None
    part_en: str | None
    peer: bool
    mine: bool
    community: uuid.UUID
    community_name: str
    topic: uuid.UUID | None
    topic_name: str
    root: uuid.UUID | None
    replies: int
    useful: int
    liked: int
    same: int
    version: int
    written_at: datetime
    shown_at: datetime | None
    edited: bool
    accepted: bool
    reasons: list[str]
    reacted: list[ReactionKind]
    photos: list[PictureOfPost]
    answer: "PostOut | None"


class FeedOut(Out):
    """Newest first."""

    items: list[PostOut]
    cursor: str | None


def post_out(one: queries.Card) -> PostOut:
    """A card on the wire."""
    same = {
        name: getattr(one, name)
        for name in PostOut.model_fields
        if name not in {"part_zh", "part_en", "reasons", "reacted", "photos", "answer"}
    }
    return PostOut(
        **same,
        part_zh=one.part[0] if one.part else None,
        part_en=one.part[1] if one.part else None,
        reasons=list(one.reasons),
        reacted=sorted(one.reacted),
        photos=[PictureOfPost(id=photo.id, state=photo.state) for photo in one.photos],
        answer=None if one.answer is None else post_out(one.answer),
    )


def feed_out(found: Page[queries.Card]) -> FeedOut:
    """A page of cards on the wire."""
    return FeedOut(items=[post_out(one) for one in found.items], cursor=found.cursor)


class FeedKind(StrEnum):
    """Only posts, or only questions."""

    POST = "post"
    QUESTION = "question"


class Audience(StrEnum):
    """What members see, or what anybody may see."""

    MEMBERS = "members"
    EVERYBODY = "everybody"


@router.get(
    "/communities/{uuid:community_id}/posts",
    url_name="community.posts",
    operation_id="posts.list",
    response=FeedOut,
)
def list_posts(  # noqa: PLR0917 - ninja reads the query by name
    request: Asked,
    community_id: uuid.UUID,
    kind: FeedKind | None = None,
    audience: Audience = Audience.MEMBERS,
    limit: Limit = 20,
    cursor: Cursor | None = None,
) -> FeedOut:
    """The feed of a community: for its active members and who keeps it; with `audience=everybody` what its authors show outside."""
    if audience is Audience.EVERYBODY:
        return feed_out(queries.public_feed(request.viewer, community_id, limit=limit, cursor=cursor))
    return feed_out(queries.feed(request.viewer, community_id, kind=kind or "", limit=limit, cursor=cursor))


@router.get("/me/feed", url_name="me.feed", operation_id="me.feed", response=FeedOut)
def my_feed(
    request: Asked, kind: FeedKind | None = None, limit: Limit = 20, cursor: Cursor | None = None
) -> FeedOut:
    """The fire: all communities in which one is active."""
    return feed_out(queries.my_feed(request.viewer, kind=kind or "", limit=limit, cursor=cursor))


class NewPost(In):
    """`kind` is post or question. `public` is the author's yes to showing it outside; `content` is for who keeps the community."""

    body: Body
    kind: FeedKind = FeedKind.POST
    topic: uuid.UUID | None = None
    public: Yes = False
    content: ContentType | None = None

    model_config = ConfigDict(
        json_schema_extra={"example": {"body": "宝宝不肯吃肉泥，怎么办？", "kind": "question"}}
    )


@router.post(
    "/communities/{uuid:community_id}/posts",
    url_name="community.posts",
    operation_id="posts.write",
    response={201: PostOut},
)
@write(201)
def write_post(request: Asked, community_id: uuid.UUID, body: NewPost) -> PostOut:
    """Say something, or ask. What a moderator looks at first answers with `state` waiting."""
    made = actions.write_post(
        viewer=request.viewer,
        community_id=community_id,
        body=body.body,
        kind=PostKind(body.kind),
        topic=body.topic,
        public=body.public,
        content=body.content,
        channel="api",
    )
    return post_out(queries.thread(request.viewer, made.public_id).post)


class ThreadOut(Out):
    """A post with what stands under it, oldest first; the accepted answer is with the question, not in the list."""

    post: PostOut
    replies: list[PostOut]
    cursor: str | None
    may_reply: bool
    may_accept: bool


def _thread(found: queries.Thread) -> ThreadOut:
    return ThreadOut(
        post=post_out(found.post),
        replies=[post_out(one) for one in found.replies],
        cursor=found.cursor,
        may_reply=found.may_reply,
        may_accept=found.may_accept,
    )


@router.get("/posts/{uuid:post_id}", url_name="post", operation_id="posts.read", response=ThreadOut)
def read_post(
    request: Asked,
    response: HttpResponse,
    post_id: uuid.UUID,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> ThreadOut:
    """One post with its replies, with an ETag for its author."""
    found = queries.thread(request.viewer, post_id, limit=limit, cursor=cursor)
    response["ETag"] = f'"{found.post.version}"'
    return _thread(found)


class PostWords(In):
    """The new words."""

    body: Body

    model_config = ConfigDict(json_schema_extra={"example": {"body": "南瓜两勺，肉泥一勺。"}})


@router.put("/posts/{uuid:post_id}", url_name="post", operation_id="posts.edit", response=ThreadOut)
@write(matching=True)
def edit_post(request: Asked, post_id: uuid.UUID, body: PostWords) -> ThreadOut:
    """Change one's own words within a week; they are judged anew."""
    actions.edit_post(viewer=request.viewer, post_id=post_id, body=body.body, version=matched(request))
    return _thread(queries.thread(request.viewer, post_id))


@router.delete("/posts/{uuid:post_id}", url_name="post", operation_id="posts.withdraw", response=Done)
@write()
def withdraw_post(request: Asked, post_id: uuid.UUID) -> Done:
    """Take one's own back."""
    actions.withdraw_post(viewer=request.viewer, post_id=post_id)
    return Done()


@router.post(
    "/posts/{uuid:post_id}/replies",
    url_name="post.replies",
    operation_id="posts.reply",
    response={201: PostOut},
)
@write(201)
def reply(request: Asked, post_id: uuid.UUID, body: PostWords) -> PostOut:
    """Answer a question, or comment on a post."""
    made = actions.reply(viewer=request.viewer, post_id=post_id, body=body.body)
    found = queries.one_card(request.viewer, made.public_id)
    return post_out(found)


class Tap(In):
    """On or off."""

    kind: ReactionKind
    on: Yes = True

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "useful"}})


@router.put(
    "/posts/{uuid:post_id}/reactions", url_name="post.reactions", operation_id="posts.react", response=PostOut
)
@write()
def react(request: Asked, post_id: uuid.UUID, body: Tap) -> PostOut:
    """Say with a tap that it helped, or take it back."""
    act = actions.react if body.on else actions.unreact
    act(viewer=request.viewer, post_id=post_id, kind=body.kind)
    return post_out(queries.one_card(request.viewer, post_id))


class AcceptedIs(In):
    """Did this answer help?"""

    accepted: Yes

    model_config = ConfigDict(json_schema_extra={"example": {"accepted": True}})


@router.put(
    "/posts/{uuid:post_id}/accepted",
    url_name="post.accepted",
    operation_id="posts.accept",
    response=ThreadOut,
)
@write()
def accept(request: Asked, post_id: uuid.UUID, body: AcceptedIs) -> ThreadOut:
    """The asker says which answer helped; `post_id` is the answer's. Another one replaces it."""
    act = actions.accept_answer if body.accepted else actions.take_acceptance_back
    question = act(viewer=request.viewer, answer_id=post_id)
    return _thread(queries.thread(request.viewer, question.public_id))


class OutsideWord(In):
    """The author's yes or no."""

    granted: Yes

    model_config = ConfigDict(json_schema_extra={"example": {"granted": True}})


@router.put(
    "/posts/{uuid:post_id}/public", url_name="post.public", operation_id="posts.public", response=Done
)
@write()
def set_public(request: Asked, post_id: uuid.UUID, body: OutsideWord) -> Done:
    """Let a post of one's own be seen outside its community, or no longer; asked at each look."""
    actions.set_public(viewer=request.viewer, post_id=post_id, granted=body.granted, channel="api")
    return Done()


class HelpOut(Out):
    """How members answer each other over ninety days. Shares are null for too few questions.

    `minutes_saved` is peers' first answers times `minutes_each`, which is an assumption and no measurement.
    """

    questions: int
    answered: int
    by_peers: int
    peer_rate: Annotated[float, Field(ge=0, le=1)] | None
    answered_rate: Annotated[float, Field(ge=0, le=1)] | None
    median_minutes: float | None
    minutes_each: int
    minutes_saved: int


@router.get(
    "/communities/{uuid:community_id}/peer-answers",
    url_name="community.peer_answers",
    operation_id="communities.peer_answers",
    response=HelpOut,
)
def peer_answers(request: Asked, community_id: uuid.UUID) -> HelpOut:
    """The share of questions that a peer answered first, how soon, and what it saves."""
    return HelpOut.model_validate(queries.peer_answers(request.viewer, community_id), from_attributes=True)
