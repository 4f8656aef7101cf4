"""What an author does with what they wrote: change the words, take it back, let it be shown outside or no longer."""

from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.voices.actions import moderating, states, trails
from tongxin.voices.actions.writing import judged, words
from tongxin.voices.models import Post, PostLicence, PostVersion
from tongxin.voices.queries.standing import standing, writer
from tongxin.voices.queries.threads import own_post
from tongxin.voices.rules.states import editable
from tongxin.voices.terms import EDITABLE_FOR, LICENCE_NOTICE, PostState, Visibility


def locked(post: Post) -> Post:
    """The post under its lock, with its community."""
    return (
        Post.objects.select_for_update(no_key=True, of=("self",)).select_related("community").get(pk=post.pk)
    )


def edit_post(*, viewer: Viewer, post_id: UUID, body: str, version: int | None = None) -> Post:
    """Change the words within a week; what they were is kept, and the new ones are judged like any others.

    Refuses `absent`, `edit.stale`, `voices.late`, `voices.state`, `communities.not_member`, `communities.rules_unaccepted`, and
    as `write_post`.
    """
    text = words(body)
    with transaction.atomic():
        found = own_post(viewer, post_id)
        key = found.community.public_id
        inside = standing(viewer, key) if viewer.person is None else writer(viewer, key)
        post = locked(found)
        if version is not None and post.version != version:
            raise Refused("edit.stale")
        now = clock.now()
        if not editable(PostState(post.state), post.written_at, now):
            late = post.state in {PostState.PUBLISHED, PostState.WAITING}
            raise Refused("voices.late", days=EDITABLE_FOR.days) if late else Refused("voices.state")
        if text == post.body:
            return post
        verdict = judged(viewer, inside, text, now)
        PostVersion.objects.create(post=post, number=post.version, body=post.body, at=now)
        post.body, post.fingerprint = text, verdict.fingerprint
        post.reasons = [str(reason) for reason in verdict.reasons]
        post.edited_at, post.version = now, post.version + 1
        post.save(update_fields=["body", "fingerprint", "reasons", "edited_at", "version"])
        trails.of_post(viewer, post, "voices.edited", after={"version": post.version})
        if verdict.state == "waiting" and post.state == PostState.PUBLISHED:
            states.move(viewer=viewer, post=post, state=PostState.WAITING, reason="edited")
        if verdict.state == "waiting":
            moderating.opened(viewer=viewer, post=post, judgement=verdict)
    return post


def withdraw_post(*, viewer: Viewer, post_id: UUID) -> Post:
    """Take it back: nobody sees it from now on, and the words go after thirty days. Twice changes nothing.

    What was removed stays as evidence. Who is no member any more can still take theirs back. Refuses `absent`, `voices.state`.
    """
    with transaction.atomic():
        post = locked(own_post(viewer, post_id))
        return states.move(viewer=viewer, post=post, state=PostState.WITHDRAWN)


def set_public(*, viewer: Viewer, post_id: UUID, granted: bool, channel: str = "member_page") -> Post:
    """The author's yes or no to showing it outside the community; a no holds at the next look.

    Refuses `absent`, `voices.state` for a reply and for what is gone.
    """
    with transaction.atomic():
        post = locked(own_post(viewer, post_id))
        if post.root_id is not None or post.state == PostState.REMOVED:
            raise Refused("voices.state")
        wanted = Visibility.PUBLIC if granted else Visibility.COMMUNITY
        if post.visibility == wanted:
            return post
        if post.person_id is not None:
            PostLicence.objects.create(
                post=post,
                granted=granted,
                notice=LICENCE_NOTICE,
                channel=channel,
                by=viewer.name,
                at=clock.now(),
            )
        post.visibility = wanted
        post.save(update_fields=["visibility"])
        trails.of_post(viewer, post, "voices.licensed" if granted else "voices.licence_ended")
    return post
