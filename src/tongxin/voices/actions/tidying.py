"""What is over goes: words that were taken back, words before an edit."""

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.voices.models import Post, PostVersion
from tongxin.voices.terms import VERSIONS_KEPT, WITHDRAWN_KEPT, PostState


def tidy_words(*, viewer: Viewer) -> int:
    """Thirty days after a withdrawal its words go, what a post said before an edit after 180; answers how many. A nightly job."""
    now = clock.now()
    with transaction.atomic():
        back = Post.objects.filter(state=PostState.WITHDRAWN, gone_at__lte=now - WITHDRAWN_KEPT).exclude(
            body=""
        )
        over = PostVersion.objects.filter(post__in=back) | PostVersion.objects.filter(
            at__lte=now - VERSIONS_KEPT
        )
        versions = PostVersion.objects.filter(pk__in=over.values("pk")).delete()[0]
        posts = back.update(body="", fingerprint=0)
        if posts or versions:
            trail(
                viewer=viewer,
                act="voices.tidied",
                subject=("voices", "post", "words"),
                after={"posts": posts, "versions": versions},
            )
    return posts + versions
