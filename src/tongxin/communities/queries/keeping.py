"""Who is in a community, and who waits for its answer: the lists of who keeps it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from tongxin.communities.models import Application, Decision, PartTerm
from tongxin.communities.queries.access import access_application, access_community
from tongxin.communities.queries.active import active_members, members
from tongxin.communities.queries.standing import said, way_of, ways_of
from tongxin.communities.queries.words import StepCard, step_cards
from tongxin.communities.rules.parts import by_tenure
from tongxin.communities.rules.standing import Way
from tongxin.communities.terms import KEEPERS, Applied, Part
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page


@dataclass(frozen=True)
class MemberRow:
    """A member in the list of who keeps the community."""

    id: UUID
    person: UUID
    name: str
    store_name: str
    joined_at: datetime
    scene: str
    tenure: Part | None
    parts: tuple[Part, ...]
    paused: bool
    hello: str


def members_of(
    viewer: Viewer, community_id: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[MemberRow]:
    """Who is in, newest first, page by page; in a community of the whole brand a store sees its own. Refuses `absent`."""
    row = access_community(viewer, community_id)
    if not viewer.roles & KEEPERS:
        raise Refused("absent")
    places = viewer.places(KEEPERS)
    rows = members(row.pk).select_related("person", "store")
    if places is not None:
        rows = rows.filter(Q(store__in=places) | Q(community__store__in=places))
    found = page(rows, by=("-joined_at", "-id"), limit=limit, cursor=cursor)
    active = set(
        active_members(row.pk).filter(pk__in=[one.pk for one in found.items]).values_list("pk", flat=True)
    )
    held: dict[int, list[Part]] = {}
    now = clock.now()
    for person, part in PartTerm.objects.filter(
        community=row, ended_at=None, until__gt=now, person__in=[one.person_id for one in found.items]
    ).values_list("person", "part"):
        held.setdefault(person, []).append(Part(part))
    return Page(
        tuple(
            MemberRow(
                id=one.public_id,
                person=one.person.public_id,
                name=one.person.nickname,
                store_name="" if one.store is None else one.store.name,
                joined_at=one.joined_at,
                scene=one.scene,
                tenure=by_tenure(one.joined_at, now),
                parts=tuple(held.get(one.person_id, ())),
                paused=one.pk not in active,
                hello=one.hello,
            )
            for one in found.items
        ),
        found.cursor,
    )


@dataclass(frozen=True)
class Applicant:
    """An application as who decides sees it: the same steps that the applicant sees, and what they said."""

    id: UUID
    community: UUID
    community_name: str
    person: UUID
    name: str
    store_name: str
    state: Applied
    scene: str
    began_at: datetime
    steps: tuple[StepCard, ...]
    said: dict[str, dict[str, str]]
    reason: str
    decided: tuple[tuple[str, bool, datetime], ...] = ()


def application_card(viewer: Viewer, application_id: UUID) -> Applicant:
    """One application, for either side. Refuses `absent`."""
    row = access_application(viewer, application_id)
    decided = Decision.objects.filter(application=row).order_by("at")
    return _applicant(row, tuple(decided.values_list("gate", "yes", "at")), way_of(row))


def applications_for(
    viewer: Viewer, *, community_id: UUID | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Applicant]:
    """What waits for the community's answer, in reach, oldest first. Refuses `absent` for a community out of reach."""
    rows = Application.objects.select_related("community__store", "person", "store", "invitation").filter(
        state=Applied.UNDERWAY, waiting_for_us=True
    )
    if community_id is not None:
        rows = rows.filter(community=access_community(viewer, community_id, Verb.READ))
    places = viewer.places(KEEPERS)
    if places is not None:
        rows = rows.filter(Q(store__in=places) | Q(community__store__in=places))
    found = page(rows, by=("began_at", "id"), limit=limit, cursor=cursor)
    return Page(tuple(_waiting(list(found.items))), found.cursor)


def _waiting(rows: list[Application]) -> list[Applicant]:
    """Their steps cost the same few questions for one as for fifty."""
    ways = ways_of(rows)
    return [_applicant(row, (), ways[row.pk]) for row in rows]


def _applicant(row: Application, decided: tuple[tuple[str, bool, datetime], ...], way: Way) -> Applicant:
    return Applicant(
        id=row.public_id,
        community=row.community.public_id,
        community_name=row.community.name,
        person=row.person.public_id,
        name=row.person.nickname,
        store_name="" if row.store is None else row.store.name,
        state=Applied(row.state),
        scene=row.scene,
        began_at=row.began_at,
        steps=step_cards(way) if row.state == Applied.UNDERWAY else (),
        said=said(row),
        reason=row.reason,
        decided=decided,
    )
