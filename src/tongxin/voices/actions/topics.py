"""Topics: opened, changed and closed by who keeps the community."""

from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.communities import queries as communities
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.voices.actions import trails
from tongxin.voices.models import Topic
from tongxin.voices.terms import ABOUT_MOST, TOPIC_MOST, TopicState


def open_topic(
    *, viewer: Viewer, community_id: UUID, name: str, about: str = "", pinned: bool = False
) -> Topic:
    """Give something a name under which people talk. Refuses `absent`, `input.bad`, `voices.topic_taken`, `voices.closed`."""
    name, about = _checked(name, about)
    with transaction.atomic():
        community = communities.access_community(viewer, community_id, Verb.DECIDE)
        if community.state == "closed":
            raise Refused("voices.closed")
        now = clock.now()
        topic = Topic(
            community=community,
            name=name,
            about=about,
            pinned=pinned,
            last_at=now,
            made_by=viewer.name,
            made_at=now,
        )
        _saved(topic)
        trails.of_topic(viewer, topic, "voices.topic_opened", after={"community": str(community.public_id)})
    return topic


def change_topic(
    *,
    viewer: Viewer,
    topic_id: UUID,
    name: str,
    about: str = "",
    pinned: bool = False,
    version: int | None = None,
) -> Topic:
    """Name it anew, pin it or not. Refuses `absent`, `edit.stale`, `voices.closed`, `input.bad`, `voices.topic_taken`."""
    name, about = _checked(name, about)
    with transaction.atomic():
        topic = _locked(viewer, topic_id)
        if version is not None and topic.version != version:
            raise Refused("edit.stale")
        if topic.state == TopicState.CLOSED:
            raise Refused("voices.closed")
        topic.name, topic.about, topic.pinned, topic.version = name, about, pinned, topic.version + 1
        _saved(topic)
        trails.of_topic(
            viewer, topic, "voices.topic_changed", after={"version": topic.version, "pinned": pinned}
        )
    return topic


def close_topic(*, viewer: Viewer, topic_id: UUID) -> Topic:
    """Nothing more is said under it; what was said stays. Twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        topic = _locked(viewer, topic_id)
        if topic.state == TopicState.OPEN:
            topic.state, topic.version = TopicState.CLOSED, topic.version + 1
            topic.save(update_fields=["state", "version"])
            trails.of_topic(viewer, topic, "voices.topic_closed")
    return topic


def _checked(name: str, about: str) -> tuple[str, str]:
    name, about = name.strip(), about.strip()
    if not 1 <= len(name) <= TOPIC_MOST:
        raise Refused("input.bad", field="name", reason=f"1–{TOPIC_MOST}")
    if len(about) > ABOUT_MOST:
        raise Refused("input.bad", field="about", reason=f"≤ {ABOUT_MOST}")
    return name, about


def _saved(topic: Topic) -> None:
    try:
        with transaction.atomic():
            topic.save()
    except IntegrityError as clash:
        if "topic_name_once" not in str(clash):
            raise
        raise Refused("voices.topic_taken") from None


def _locked(viewer: Viewer, topic_id: UUID) -> Topic:
    found = Topic.objects.select_related("community").filter(public_id=topic_id).first()
    if found is None:
        raise Refused("absent")
    communities.access_community(viewer, found.community.public_id, Verb.DECIDE)
    return Topic.objects.select_for_update(no_key=True).get(pk=found.pk)
