"""Taps, and the asker's word that an answer helped."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.voices.actions import letters, trails
from tongxin.voices.actions.editing import locked
from tongxin.voices.models import Post, Reaction
from tongxin.voices.queries.standing import Inside, hold
from tongxin.voices.queries.threads import access_post
from tongxin.voices.terms import PostKind, PostState, ReactionKind

_TAP = """
INSERT INTO voices_reaction (post_id, person_id, kind, at) VALUES (%s, %s, %s, %s) ON CONFLICT (post_id, person_id, kind) DO NOTHING
"""


def react(*, viewer: Viewer, post_id: UUID, kind: ReactionKind) -> Post:
    """Say with a tap that it helped; twice is once. As an active member, and not to oneself.

    Refuses `absent`, `voices.own`, `communities.not_member`, `communities.rules_unaccepted`, `voices.closed`.
    """
    with transaction.atomic():
        post, inside = _seen(viewer, post_id)
        assert viewer.person is not None  # a writer is a member
        if post.person_id in inside.own:
            raise Refused("voices.own")
        now = clock.now()
        if prepared.do(_TAP, [post.pk, viewer.person, str(kind), now]):
            _count(post, kind, 1)
            trails.book(
                post,
                person=viewer.person,
                kind="reacted",
                source=_source(post, viewer.person, kind),
                at=now,
                subject=inside.subject,
                counterpart=post.person_id,
            )
            trails.of_post(viewer, post, "voices.reacted", after={"kind": str(kind)})
    return post


def unreact(*, viewer: Viewer, post_id: UUID, kind: ReactionKind) -> Post:
    """Take a tap back; its deed is taken back with it. Refuses as `react`."""
    with transaction.atomic():
        post, inside = _seen(viewer, post_id)
        gone, _ = Reaction.objects.filter(post=post, person__in=inside.own, kind=kind).delete()
        if gone:
            _count(post, kind, -gone)
            for person in inside.own:
                trails.take_back(viewer, _source(post, person, kind), "reaction_taken_back")
            trails.of_post(viewer, post, "voices.reaction_taken_back", after={"kind": str(kind)})
    return post


def _seen(viewer: Viewer, post_id: UUID) -> tuple[Post, Inside]:
    post, inside = access_post(viewer, post_id)
    hold(inside)
    if post.state != PostState.PUBLISHED:
        raise Refused("voices.state")
    return post, inside


def _count(post: Post, kind: ReactionKind, by: int) -> None:
    name = str(kind)
    Post.objects.filter(pk=post.pk, **{f"{name}__gte": max(-by, 0)}).update(**{name: F(name) + by})
    setattr(post, name, getattr(post, name) + by)


def _source(post: Post, person: int, kind: ReactionKind) -> str:
    return f"reacted:{post.public_id}:{kind}:{person}"


def accept_answer(*, viewer: Viewer, answer_id: UUID) -> Post:
    """The asker says which answer helped; another one replaces it. Its author is told and honoured in the book.

    Refuses `absent`, `voices.under`, `voices.not_asker`, `voices.own_answer`, `voices.state`, and as `react`.
    """
    with transaction.atomic():
        answer, question, inside = _asked(viewer, answer_id)
        if question.accepted_id == answer.pk:
            return question
        if question.accepted_id is not None:
            _forget(viewer, question)
        now = clock.now()
        question.accepted, question.accepted_at = answer, now
        question.save(update_fields=["accepted", "accepted_at"])
        if answer.person_id is not None:
            trails.book(
                answer,
                person=answer.person_id,
                kind="answer_accepted",
                source=f"accepted:{question.public_id}:{answer.public_id}",
                at=now,
                subject=inside.subject,
                counterpart=viewer.person,
            )
            letters.tell(
                viewer=viewer,
                post=answer,
                community=inside.name,
                kind="voices.accepted",
                person=answer.person_id,
                key=str(answer.public_id),
            )
        trails.of_post(
            viewer,
            question,
            "voices.answer_accepted",
            after={"answer": str(answer.public_id), "peer": answer.peer},
        )
    return question


def take_acceptance_back(*, viewer: Viewer, answer_id: UUID) -> Post:
    """The asker takes it back. Refuses as `accept_answer`."""
    with transaction.atomic():
        answer, question, _ = _asked(viewer, answer_id)
        if question.accepted_id == answer.pk:
            _forget(viewer, question)
            question.save(update_fields=["accepted", "accepted_at"])
    return question


def _forget(viewer: Viewer, question: Post) -> None:
    before = question.accepted
    assert before is not None  # asked by the caller
    trails.take_back(viewer, f"accepted:{question.public_id}:{before.public_id}", "acceptance_taken_back")
    question.accepted, question.accepted_at = None, None
    trails.of_post(viewer, question, "voices.acceptance_taken_back", before={"answer": str(before.public_id)})


def _asked(viewer: Viewer, answer_id: UUID) -> tuple[Post, Post, Inside]:
    """The answer and its question, the question locked; only the asker comes through."""
    answer, inside = access_post(viewer, answer_id)
    if answer.kind != PostKind.ANSWER or answer.root is None:
        raise Refused("voices.under")
    hold(inside)
    question = locked(answer.root)
    if question.person_id not in inside.own:
        raise Refused("voices.not_asker")
    if answer.person_id in inside.own:
        raise Refused("voices.own_answer")
    if answer.state != PostState.PUBLISHED or question.state != PostState.PUBLISHED:
        raise Refused("voices.state")
    return answer, question, inside
