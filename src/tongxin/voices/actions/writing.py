"""Saying something: a post or a question, an answer or a comment under it. Judged, counted, booked and told in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from tongxin.communities.models import PartTerm
from tongxin.communities.terms import Part, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Staff
from tongxin.voices.actions import moderating, states, trails
from tongxin.voices.models import Post, PostLicence, Topic
from tongxin.voices.queries.moderation import marks
from tongxin.voices.queries.standing import Inside, hold, said_lately, standing
from tongxin.voices.queries.threads import access_root
from tongxin.voices.queries.wording import in_force, lexicon
from tongxin.voices.rules.judging import Author, Judgement, judge, policy_at
from tongxin.voices.terms import (
    BODY_MOST,
    LICENCE_NOTICE,
    ContentType,
    PostKind,
    PostState,
    TopicState,
    Visibility,
)


def write_post(
    *,
    viewer: Viewer,
    community_id: UUID,
    body: str,
    kind: PostKind = PostKind.POST,
    topic: UUID | None = None,
    public: bool = False,
    content: ContentType | None = None,
    channel: str = "member_page",
) -> Post:
    """Say something in a community, or ask: as an active member, or as staff who keep it. What must be looked at first waits.

    `public` is the author's yes to showing it outside as well; `content` is for who keeps the community. Refuses `absent`,
    `communities.not_member`, `communities.rules_unaccepted`, `voices.closed`, `voices.empty`, `voices.too_long`, and what the
    moderation refuses (`voices.muted`, `voices.too_fast`, `voices.twice`).
    """
    if kind.replies:
        raise Refused("voices.under")
    text = words(body)
    with transaction.atomic():
        inside, author = _author(viewer, community_id)
        under = None if topic is None else _topic(inside, topic)
        if content is not None and not inside.keeper:
            raise Refused("absent")
        post = Post(
            community_id=inside.community,
            topic=under,
            kind=kind,
            body=text,
            content=content or "",
            visibility=Visibility.PUBLIC if public else Visibility.COMMUNITY,
            **author,
        )
        return _say(viewer, inside, post, root=None, public=public, channel=channel)


def reply(*, viewer: Viewer, post_id: UUID, body: str) -> Post:
    """Answer a question, or comment on a post; the one who asked or posted is told.

    Refuses `absent` for what the viewer cannot see, `voices.under` under an answer, and as `write_post`.
    """
    text = words(body)
    with transaction.atomic():
        root, known = access_root(viewer, post_id)
        inside, author = _author(viewer, root.community.public_id, known)
        kind = PostKind.ANSWER if root.kind == PostKind.QUESTION else PostKind.COMMENT
        post = Post(community_id=root.community_id, root=root, kind=kind, body=text, **author)
        return _say(viewer, inside, post, root=root)


def words(body: str) -> str:
    """The text as it is kept: without blank edges, one kind of line end. Refuses `voices.empty`, `voices.too_long`."""
    text = body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
    if not text:
        raise Refused("voices.empty")
    if len(text) > BODY_MOST:
        raise Refused("voices.too_long", most=BODY_MOST)
    return text


def _author(viewer: Viewer, community_id: UUID, known: Inside | None = None) -> tuple[Inside, dict[str, Any]]:
    """Where the writer stands, and as whom they write."""
    if viewer.person is not None:
        inside = known or standing(viewer, community_id)
        hold(inside)
        return inside, {
            "person_id": viewer.person,
            "membership_id": inside.membership,
            "store_id": inside.member_store,
            "peer": not inside.professional,
        }
    inside = standing(viewer, community_id)
    colleague = None
    if viewer.account is not None:
        colleague = Staff.objects.filter(account=viewer.account, active=True).first()
    persona = None if colleague is None else _persona(inside, colleague)
    if not (inside.keeper or (inside.looks and persona is not None)):
        raise Refused("absent")
    if inside.state != State.OPEN:
        raise Refused("voices.closed")
    return inside, {
        "staff": colleague,
        "persona": persona,
        "store_id": inside.store,
        "peer": False,
    }


def _persona(inside: Inside, colleague: Staff) -> PartTerm | None:
    """As whom a colleague speaks here: the expert before the host before any other part they hold."""
    held = PartTerm.objects.filter(
        community=inside.community, staff=colleague, ended_at=None, until__gt=clock.now()
    )
    order = [Part.EXPERT, Part.HOST]
    return min(
        held,
        key=lambda term: order.index(Part(term.part)) if term.part in order else len(order),
        default=None,
    )


def _topic(inside: Inside, topic: UUID) -> Topic:
    found = Topic.objects.filter(public_id=topic, community=inside.community, state=TopicState.OPEN).first()
    if found is None:
        raise Refused("voices.closed")
    return found


def judged(viewer: Viewer, inside: Inside, text: str, now: datetime) -> Judgement:
    """What the rules of moderation say to this text by this writer at this moment; who refuses raises."""
    if viewer.person is None:
        facts, listed = Author(days=10_000, staff=True), in_force(now)
    else:
        assert inside.joined_at is not None  # a member writes
        said = said_lately(inside, now)
        known = marks(inside.own, inside.community, now, viewer.person)
        facts = Author(
            ring=known.ring,
            days=(now - inside.joined_at).days,
            posts_hour=said.posts_hour,
            posts_day=said.posts_day,
            recent=said.recent,
            strikes=known.strikes,
            muted_until=known.muted_until,
        )
        listed = known.words
    found = judge(text, facts, policy_at(now, lexicon(listed)), now)
    if found.state == "refused":
        raise Refused(found.refusal, **found.data)
    return found


def _say(
    viewer: Viewer,
    inside: Inside,
    post: Post,
    *,
    root: Post | None,
    public: bool = False,
    channel: str = "member_page",
) -> Post:
    now = clock.now()
    verdict = judged(viewer, inside, post.body, now)
    post.state = PostState(verdict.state)
    post.fingerprint, post.reasons = verdict.fingerprint, _codes(verdict.reasons)
    post.written_at = now
    post.shown_at = now if post.state == PostState.PUBLISHED else None
    post.save(force_insert=True)
    if public and post.person_id is not None:
        PostLicence.objects.create(
            post=post, granted=True, notice=LICENCE_NOTICE, channel=channel, by=viewer.name, at=now
        )
    if post.state == PostState.PUBLISHED:
        states.enter(viewer=viewer, post=post, root=root, community=inside.name, subject=inside.subject)
    else:
        moderating.opened(viewer=viewer, post=post, judgement=verdict)
    trails.of_post(
        viewer,
        post,
        trails.WRITTEN[PostKind(post.kind)],
        after={
            "state": str(post.state),
            "community": str(inside.community_id),
            "root": None if root is None else str(root.public_id),
            "public": public,
            "reasons": post.reasons,
        },
    )
    return post


def _codes(reasons: Sequence[str]) -> list[str]:
    return [str(reason) for reason in reasons]
