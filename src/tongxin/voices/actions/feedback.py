"""The inbox of voices at work: new words are labelled or left to a person, complaints get an owner and a day, authors hear what we did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from tongxin.communities.models import PartTerm
from tongxin.communities.terms import Part
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.voices.models import Item, Post
from tongxin.voices.queries.feedback import access_item, owners
from tongxin.voices.terms import PostState
from tongxin.voices.terms_feedback import GRIPE_DUE, OUTCOME_MOST, ItemState, Label

if TYPE_CHECKING:
    from tongxin.compass.opinion.labels import Labels

ROOM = "voices"
ANSWERS_MOST = 2000  # of people, the newest, that a fit learns from


def fitted() -> Labels:
    """The model of now: what comes with the product, and what people have said since."""
    from tongxin.compass.opinion import labels  # noqa: PLC0415  # slow: brings numpy and scipy

    told = (
        Item.objects.exclude(labelled_by="")
        .exclude(post__body="")
        .order_by("-labelled_at", "-id")
        .values_list("post__body", "label")[:ANSWERS_MOST]
    )
    return labels.fit([*labels.shipped(), *told])


def annotate(*, viewer: Viewer, most: int = 500) -> int:
    """Label what members have said and nobody has labelled; where the model is not sure, a person is asked."""
    from tongxin.compass.opinion.sentiment import frozen  # noqa: PLC0415  # slow, as above

    with transaction.atomic():
        found = list(
            Post.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state=PostState.PUBLISHED, person__isnull=False)
            .exclude(pk__in=Item.objects.values("post"))
            .order_by("id")[:most]
        )
        if not found:
            return 0
        model = fitted()
        mood, now = frozen(), clock.now()
        hosts = _hosts([post.community_id for post in found], now)
        made = []
        for post, guess in zip(found, model.guess([post.body for post in found]), strict=True):
            item = Item(
                post=post,
                community_id=post.community_id,
                state=ItemState.UNSURE,
                guess=guess.best,
                sure=round(guess.sure, 4),
                positive=round(mood.positive(post.body), 4),
                model=model.version,
                found_at=now,
            )
            if guess.label:
                _sorted(item, Label(guess.label), hosts.get(post.community_id), now)
            made.append(item)
        Item.objects.bulk_create(made, ignore_conflicts=True)
        asked = sum(item.state == ItemState.UNSURE for item in made)
        trail(
            viewer=viewer,
            act="voices.annotated",
            subject=(ROOM, "item", "many"),
            after={"posts": len(made), "asked": asked, "model": model.version},
        )
    return len(made)


def _hosts(communities: Sequence[int], now: datetime) -> dict[int, int]:
    terms = PartTerm.objects.filter(
        community__in=communities, part=Part.HOST, ended_at=None, until__gt=now, staff__isnull=False
    )
    return {
        community: staff for community, staff in terms.values_list("community", "staff") if staff is not None
    }


def _sorted(item: Item, label: Label, host: int | None, now: datetime) -> None:
    """A complaint is the host's to answer for, within a week; the others wait for whoever takes them."""
    item.label = label
    item.state = ItemState.SORTED
    item.owner_id, item.due_at = None, None
    if label is Label.GRIPE:
        item.due_at = now + GRIPE_DUE
        if host is not None:
            item.owner_id, item.state = host, ItemState.TAKEN


def sort_item(*, viewer: Viewer, item_id: UUID, label: Label) -> Item:
    """A person says what it is: an example of the next fit. Refuses `absent`, `voices.item_state` when it is answered."""
    with transaction.atomic():
        item = _locked(viewer, item_id)
        if item.state == ItemState.ANSWERED:
            raise Refused("voices.item_state")
        now = clock.now()
        if item.label != label or item.state == ItemState.UNSURE:
            _sorted(item, label, _hosts([item.community_id], now).get(item.community_id), now)
        item.labelled_by, item.labelled_at = viewer.name, now
        item.save(update_fields=["label", "state", "owner", "due_at", "labelled_by", "labelled_at"])
        _trail(viewer, item, "voices.item_sorted", {"label": str(label), "guess": item.guess})
    return item


def take_item(*, viewer: Viewer, item_id: UUID, owner: UUID, due_at: datetime) -> Item:
    """Somebody answers for it until a day.

    Refuses `absent`, `voices.item_label`, `voices.item_state`, `voices.item_owner`, `voices.item_due`.
    """
    with transaction.atomic():
        item = _locked(viewer, item_id)
        if not item.label or item.label == Label.TALK:
            raise Refused("voices.item_label")
        if item.state == ItemState.ANSWERED:
            raise Refused("voices.item_state")
        if due_at <= clock.now():
            raise Refused("voices.item_due")
        found = next((one for one in owners(viewer) if one.public_id == owner), None)
        if found is None:
            raise Refused("voices.item_owner")
        item.owner, item.due_at, item.state = found, due_at, ItemState.TAKEN
        item.save(update_fields=["owner", "due_at", "state"])
        _trail(viewer, item, "voices.item_taken", {"staff": found.pk, "due_at": due_at.isoformat()})
    return item


def answer_item(*, viewer: Viewer, item_id: UUID, outcome: str) -> Item:
    """You said, we did: one sentence, told to the author once.

    Refuses `absent`, `voices.item_outcome`, `voices.item_label`, `voices.item_state`.
    """
    outcome = outcome.strip()[:OUTCOME_MOST]
    if not outcome:
        raise Refused("voices.item_outcome")
    with transaction.atomic():
        item = _locked(viewer, item_id)
        if not item.label or item.label == Label.TALK:
            raise Refused("voices.item_label")
        if item.state == ItemState.ANSWERED:
            raise Refused("voices.item_state")
        item.state, item.outcome = ItemState.ANSWERED, outcome
        item.answered_by, item.answered_at = viewer.name, clock.now()
        item.save(update_fields=["state", "outcome", "answered_by", "answered_at"])
        _trail(viewer, item, "voices.item_answered", {"label": item.label})
        post = item.post
        if post.person is not None:
            outreach.notify(
                viewer=viewer,
                sends=[
                    SendIn(
                        person=post.person.survivor_id or post.person.pk,
                        kind="voices.you_said",
                        body={
                            "name": item.community.name,
                            "outcome": outcome,
                            "path": f"/m/posts/{post.public_id}/",
                        },
                        message_class=MessageClass.SERVICE,
                        subject=(ROOM, str(item.public_id)),
                        key=f"voices.you_said:{item.public_id}",
                        store=post.store_id,
                    )
                ],
            )
    return item


def _locked(viewer: Viewer, item_id: UUID) -> Item:
    found = access_item(viewer, item_id)
    return (
        Item.objects.select_for_update(of=("self",))
        .select_related("post__person", "community")
        .get(pk=found.pk)
    )


def _trail(viewer: Viewer, item: Item, act: str, after: dict[str, object]) -> None:
    trail(viewer=viewer, act=act, subject=(ROOM, "item", str(item.public_id)), after=after)
