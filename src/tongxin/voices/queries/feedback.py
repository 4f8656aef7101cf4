"""The inbox of voices: what waits to be sorted, complaints with owner and day, and what is suddenly talked about."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Staff
from tongxin.voices.models import Item
from tongxin.voices.rules import bursts
from tongxin.voices.terms import KEEPERS, READERS, PostState
from tongxin.voices.terms_feedback import ItemState, Label

WEEKS = 12


def items_in_reach(viewer: Viewer, *, deciding: bool = False) -> QuerySet[Item]:
    """Voices of the communities in reach; words that are no longer seen are left out."""
    roles = KEEPERS if deciding else READERS
    found = Item.objects.filter(post__state=PostState.PUBLISHED).select_related("post", "community", "owner")
    places = viewer.places(roles)
    if not viewer.roles & roles:
        return found.none()
    if places is None:
        return found
    return found.filter(Q(community__store__in=places) | Q(post__store__in=places))


def access_item(viewer: Viewer, item_id: UUID) -> Item:
    """A voice that the viewer may deal with. Refuses `absent`."""
    found = items_in_reach(viewer, deciding=True).filter(public_id=item_id).first()
    if found is None:
        raise Refused("absent")
    return found


@dataclass(frozen=True)
class ItemCard:
    """A voice: the words, what the model and people say of it, who answers for it until when."""

    id: UUID
    post_id: UUID
    community: str
    body: str
    said_at: datetime
    state: str
    guess: str
    sure: float
    label: str
    by_person: bool
    owner: str
    due_at: datetime | None
    late: bool
    outcome: str


def inbox(
    viewer: Viewer, *, state: ItemState | None = None, label: Label | None = None, most: int = 50
) -> list[ItemCard]:
    """The newest first; what has a day, the most pressing first. Plain talk only where it is asked for."""
    found = items_in_reach(viewer)
    found = found.filter(state=state) if state else found
    found = found.filter(label=label) if label else found.exclude(label=Label.TALK)
    order = ("due_at", "-id") if state is ItemState.TAKEN else ("-found_at", "-id")
    now = clock.now()
    return [
        ItemCard(
            one.public_id,
            one.post.public_id,
            one.community.name,
            one.post.body,
            one.post.written_at,
            one.state,
            one.guess,
            one.sure,
            one.label,
            bool(one.labelled_by),
            "" if one.owner is None else one.owner.name,
            one.due_at,
            one.due_at is not None and one.due_at <= now and one.state != ItemState.ANSWERED,
            one.outcome,
        )
        for one in found.order_by(*order)[:most]
    ]


@dataclass(frozen=True)
class InboxCounts:
    """How much is in each state, of each label, and late."""

    states: dict[str, int]
    labels: dict[str, int]
    late: int


def inbox_counts(viewer: Viewer) -> InboxCounts:
    """Counts of what is in reach."""
    found = items_in_reach(viewer).order_by()
    states = dict(found.exclude(label=Label.TALK).values_list("state").annotate(Count("id")))
    labels = dict(found.exclude(label="").values_list("label").annotate(Count("id")))
    late = found.filter(due_at__lte=clock.now()).exclude(state=ItemState.ANSWERED).count()
    return InboxCounts(states, labels, late)


def owners(viewer: Viewer) -> list[Staff]:
    """Colleagues who can answer for a voice."""
    places = viewer.places(KEEPERS)
    found = Staff.objects.filter(active=True)
    return list(
        (found if places is None else found.filter(Q(store__in=places) | Q(store=None))).order_by(
            "name", "id"
        )[:100]
    )


_SUBJECTS = """
SELECT t.name, (p.shown_at AT TIME ZONE 'Asia/Shanghai')::date, count(*), count(DISTINCT p.person_id),
    count(DISTINCT (p.community_id, p.store_id))
FROM voices_post p JOIN voices_topic t ON t.id = p.topic_id JOIN communities_community c ON c.id = p.community_id
WHERE p.state = 'published' AND p.person_id IS NOT NULL AND p.shown_at >= %(since)s
    AND (%(everywhere)s OR c.store_id = ANY(%(places)s) OR p.store_id = ANY(%(places)s))
GROUP BY 1, 2
"""


def hot_subjects(viewer: Viewer) -> tuple[bursts.Hot, ...]:
    """Topics that are talked about today more than chance explains, over all communities in reach."""
    if not viewer.roles & READERS:
        return ()
    today = clock.business_day(clock.now())
    places = viewer.places(READERS)
    rows = prepared.rows(
        _SUBJECTS,
        {
            "since": clock.day_start(today - timedelta(weeks=WEEKS)),
            "everywhere": places is None,
            "places": sorted(places or ()),
        },
    )
    days: dict[str, dict[date, int]] = defaultdict(dict)
    now: dict[str, tuple[int, int, int]] = {}
    for name, day, count, authors, where in rows:
        days[name][day] = count
        if day == today:
            now[name] = (count, authors, where)
    counted = [
        bursts.Count(
            name,
            *now[name],
            tuple(days[name].get(today - timedelta(weeks=n), 0) for n in range(1, WEEKS + 1)),
        )
        for name in sorted(now)
    ]
    return bursts.hot(counted)
