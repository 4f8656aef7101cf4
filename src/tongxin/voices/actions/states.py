"""THE one place where a post changes its state: what it counts towards, its deed and its letters follow in the same transaction."""

from django.db.models import F, Max, Min

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.voices.actions import letters, trails
from tongxin.voices.models import Post, Topic
from tongxin.voices.rules.states import GONE, may_follow
from tongxin.voices.terms import PostKind, PostState

# A reply counts only under what is seen; the first answer by somebody else than the asker is kept with the question.
_REPLY_IN = """
UPDATE voices_post SET replies = replies + 1,
    answered_at = CASE WHEN %(other)s THEN coalesce(answered_at, %(at)s) ELSE answered_at END,
    answered_by_peer = CASE WHEN %(other)s AND answered_at IS NULL THEN %(peer)s ELSE answered_by_peer END
WHERE id = %(root)s AND state = 'published' AND root_id IS NULL
"""
_ON_TOPIC = "UPDATE voices_topic SET posts = posts + 1, last_at = greatest(last_at, %s) WHERE id = %s"


def enter(*, viewer: Viewer, post: Post, root: Post | None, community: str, subject: int | None) -> None:
    """A post is seen from now on: counted, booked, and told to whom it answers. Refuses `voices.closed` under what is gone."""
    assert post.shown_at is not None  # the caller has set it
    other = root is None or post.person_id is None or post.person_id != root.person_id
    if root is not None:
        answers = other and post.kind == PostKind.ANSWER
        given = {"other": answers, "at": post.shown_at, "peer": post.peer, "root": root.pk}
        if not prepared.do(_REPLY_IN, given):
            raise Refused("voices.closed")
    elif post.topic_id is not None:
        prepared.do(_ON_TOPIC, [post.shown_at, post.topic_id])
    if post.person_id is not None:
        trails.book(
            post,
            person=post.person_id,
            kind=trails.DEEDS[PostKind(post.kind)],
            source=_source(post),
            at=post.shown_at,
            subject=subject,
            counterpart=root.person_id if root is not None and other else None,
        )
    if root is not None and other and root.person_id is not None:
        _tell(viewer, post, root, community)


def _source(post: Post) -> str:
    """Coming back from a removal is a deed of its own: the first one was taken back for good."""
    return f"post:{post.public_id}" + (f":{post.returns}" if post.returns else "")


def _tell(viewer: Viewer, post: Post, root: Post, community: str) -> None:
    assert root.person_id is not None  # asked by the caller
    if post.kind == PostKind.ANSWER:
        key, kind = str(post.public_id), "voices.answered"
    else:  # of comments one a day is told
        key, kind = f"{root.public_id}:{clock.business_day(clock.now())}", "voices.commented"
    letters.tell(viewer=viewer, post=root, community=community, kind=kind, person=root.person_id, key=key)


def move(*, viewer: Viewer, post: Post, state: PostState, reason: str = "") -> Post:
    """Move a post that the caller has locked (`select_for_update`, with its community) and may move.

    Leaving sight takes it out of every count and takes its deed back when it is gone for good; what is removed keeps its words.
    Refuses `voices.state`, `voices.closed`.
    """
    before = PostState(post.state)
    if before == state:
        return post
    if not may_follow(before, state):
        raise Refused("voices.state")
    now = clock.now()
    source = _source(post)
    post.state = state
    changed = ["state"]
    if state is PostState.PUBLISHED:
        post.shown_at = post.shown_at or now
        post.returns += before in GONE
        post.gone_at, post.gone_by = None, ""
        changed += ["shown_at", "returns", "gone_at", "gone_by"]
    if state in GONE:
        post.gone_at, post.gone_by = now, viewer.name
        changed += ["gone_at", "gone_by"]
    post.save(update_fields=changed)
    root = None if post.root_id is None else Post.objects.get(pk=post.root_id)
    if state is PostState.PUBLISHED:
        enter(
            viewer=viewer,
            post=post,
            root=root,
            community=post.community.name,
            subject=post.community.subject_id,
        )
        if before is PostState.WAITING and post.person_id is not None:
            letters.tell(
                viewer=viewer,
                post=post,
                community=post.community.name,
                kind="voices.shown",
                person=post.person_id,
                key=str(post.public_id),
            )
    elif before is PostState.PUBLISHED:
        _leave(post, root)
    if state in GONE:
        trails.take_back(viewer, source, str(state))
        letters.withdraw(viewer=viewer, post=post, reason=f"post_{state}")
    trails.of_post(
        viewer,
        post,
        "voices.withdrawn" if state is PostState.WITHDRAWN else "voices.state_changed",
        before={"state": str(before)},
        after={"state": str(state), "community": str(post.community.public_id)},
        reason=reason,
    )
    return post


def _leave(post: Post, root: Post | None) -> None:
    """Out of the counts; the first answer and the last word of a topic are looked up anew."""
    if root is None:
        if post.topic_id is not None:
            last = Post.objects.filter(topic=post.topic_id, state=PostState.PUBLISHED, root=None).aggregate(
                at=Max("shown_at")
            )["at"]
            kept = Topic.objects.filter(pk=post.topic_id, posts__gt=0)
            kept.update(posts=F("posts") - 1, last_at=F("made_at") if last is None else last)
        return
    asked = Post.objects.select_for_update(no_key=True, of=("self",)).get(pk=root.pk)
    asked.replies = max(asked.replies - 1, 0)
    if asked.accepted_id == post.pk:
        asked.accepted, asked.accepted_at = None, None
    if post.kind == PostKind.ANSWER:
        left = Post.objects.filter(root=asked, kind=PostKind.ANSWER, state=PostState.PUBLISHED)
        if asked.person_id is not None:
            left = left.exclude(person=asked.person_id)
        first = left.filter(shown_at=left.aggregate(at=Min("shown_at"))["at"]).order_by("id").first()
        asked.answered_at = None if first is None else first.shown_at
        asked.answered_by_peer = None if first is None else first.peer
    asked.save(update_fields=["replies", "accepted", "accepted_at", "answered_at", "answered_by_peer"])
