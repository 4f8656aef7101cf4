"""What staff see of communities: lists, one in full, who is in, who waits, and the days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tongxin.communities.models import (
    Application,
    Community,
    Container,
    ContainerStay,
    Day,
    Membership,
    PartTerm,
    RuleSet,
)
from tongxin.communities.queries.access import access_community, reached, required_number
from tongxin.communities.queries.active import ROOT, active_members, heads, members
from tongxin.communities.queries.standing import gates_of
from tongxin.communities.queries.words import (
    ContainerCard,
    GateCard,
    PartCard,
    RulesCard,
    container_label,
    gate_card,
    part_cards,
    purpose_of,
    rules_card,
)
from tongxin.communities.rules.parts import Mix, mix
from tongxin.communities.terms import (
    NEW_FOR,
    READERS,
    VETERAN_AFTER,
    Applied,
    ContainerKind,
    Part,
    Stage,
    State,
    Warned,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer

LATELY = timedelta(days=7)
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Row:
    """A community in the list of staff."""

    id: UUID
    name: str
    slogan: str
    store_name: str
    state: State
    stage: Stage
    warnings: tuple[Warned, ...]
    members: int
    joins: int
    leaves: int
    waiting: int
    simulated: bool


def communities_for(viewer: Viewer) -> list[Row]:
    """The communities in reach: open ones first, by name. Members count once; joins and leaves of the last seven days."""
    rows = list(reached(viewer).order_by("name"))
    keys = [one.pk for one in rows]
    since = clock.now() - LATELY
    counts: dict[int, dict[str, int]] = {key: {} for key in keys}
    found = (
        _visible(viewer, Membership.objects.filter(community__in=keys))
        .annotate(root=ROOT)
        .values("community")
        .annotate(
            members=Count("root", filter=Q(ended_at=None), distinct=True),
            joins=Count("pk", filter=Q(joined_at__gte=since)),
            leaves=Count("pk", filter=Q(ended_at__gte=since)),
        )
    )
    for one in found:
        counts[one["community"]] = one
    waiting = dict(
        _visible(
            viewer,
            Application.objects.filter(community__in=keys, state=Applied.UNDERWAY, waiting_for_us=True),
        )
        .values("community")
        .annotate(n=Count("pk"))
        .values_list("community", "n")
    )
    order = list(State)
    lines = [
        Row(
            id=one.public_id,
            name=one.name,
            slogan=one.slogan,
            store_name="" if one.store is None else one.store.name,
            state=State(one.state),
            stage=Stage(one.stage),
            warnings=tuple(Warned(word) for word in one.warnings),
            members=counts[one.pk].get("members", 0),
            joins=counts[one.pk].get("joins", 0),
            leaves=counts[one.pk].get("leaves", 0),
            waiting=waiting.get(one.pk, 0),
            simulated=one.simulated,
        )
        for one in rows
    ]
    return sorted(
        lines, key=lambda one: (order.index(one.state) if one.state != State.OPEN else -1, one.name)
    )


def _visible(viewer: Viewer, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of memberships or applications those that count for a store in reach, or whose community is."""
    places = viewer.places(READERS)
    return rows if places is None else rows.filter(Q(store__in=places) | Q(community__store__in=places))


@dataclass(frozen=True)
class DayRow:
    """One daily count."""

    day: date
    before: int
    joins: int
    leaves: int
    stock: int
    correction: int
    active: int
    accepted: int
    stage: Stage | None


@dataclass(frozen=True)
class Meet:
    """A container with its people, who came and who went in the last seven days."""

    card: ContainerCard
    people: int
    joins: int
    leaves: int


@dataclass(frozen=True)
class Full:
    """One community in full."""

    id: UUID
    version: int
    name: str
    slogan: str
    emblem: str
    kind: str
    store: UUID | None
    store_name: str
    state: State
    stage: Stage
    warnings: tuple[Warned, ...]
    opened_at: datetime | None
    purpose: dict[str, str]
    shared: dict[str, list[str]]
    rituals: tuple[dict[str, str], ...]
    gates: tuple[GateCard, ...]
    applied: int
    came_in: int
    rules: tuple[RulesCard, ...]
    needs: int
    members: int
    active: int
    joins: int
    leaves: int
    parts: tuple[PartCard, ...]
    mix: Mix
    containers: tuple[Meet, ...]
    days: tuple[DayRow, ...]
    simulated: bool


def community_card(viewer: Viewer, community_id: UUID) -> Full:
    """A community with everything that its desk shows. Refuses `absent`."""
    row = access_community(viewer, community_id)
    now = clock.now()
    versions = list(RuleSet.objects.filter(community=row).order_by("-number"))
    terms = list(
        PartTerm.objects.select_related("staff", "person")
        .filter(community=row, ended_at=None, until__gt=now)
        .order_by("id")
    )
    inside = members(row.pk)
    tenure = inside.aggregate(
        new=Count("pk", filter=Q(joined_at__gt=now - NEW_FOR)),
        old=Count("pk", filter=Q(joined_at__lte=now - VETERAN_AFTER)),
    )
    moved = Membership.objects.filter(community=row).aggregate(
        joins=Count("pk", filter=Q(joined_at__gte=now - LATELY)),
        leaves=Count("pk", filter=Q(ended_at__gte=now - LATELY)),
    )
    asked = Application.objects.filter(community=row, began_at__gte=now - MONTH).aggregate(
        n=Count("pk"), came=Count("pk", filter=Q(state=Applied.ADMITTED))
    )
    order = list(Part)
    terms.sort(key=lambda one: (order.index(Part(one.part)), one.pk))
    return Full(
        id=row.public_id,
        version=row.version,
        name=row.name,
        slogan=row.slogan,
        emblem=row.emblem,
        kind=row.kind,
        store=None if row.store is None else row.store.public_id,
        store_name="" if row.store is None else row.store.name,
        state=State(row.state),
        stage=Stage(row.stage),
        warnings=tuple(Warned(word) for word in row.warnings),
        opened_at=row.opened_at,
        purpose=purpose_of(row),
        shared={key: list(words) for key, words in row.shared.items()},
        rituals=tuple(row.rituals),
        gates=tuple(gate_card(one) for one in gates_of(row.pk)),
        applied=asked["n"],
        came_in=asked["came"],
        rules=tuple(rules_card(one) for one in versions),
        needs=required_number(row.pk),
        members=heads(inside),
        active=heads(active_members(row.pk)),
        joins=moved["joins"],
        leaves=moved["leaves"],
        parts=tuple(part_cards(terms)),
        mix=mix(
            [(Part(one.part), one.staff_id is not None) for one in terms],
            newcomers=tenure["new"],
            veterans=tenure["old"],
        ),
        containers=tuple(_containers(row, now)),
        days=tuple(days_of(viewer, community_id)),
        simulated=row.simulated,
    )


def _containers(row: Community, now: datetime) -> list[Meet]:
    found = list(
        Container.objects.select_related("store", "keeper").filter(community=row, until=None).order_by("id")
    )
    since = now - LATELY
    counts: dict[int, dict[str, Any]] = {
        one["container"]: dict(one)
        for one in ContainerStay.objects.filter(container__in=[one.pk for one in found])
        .values("container")
        .annotate(
            people=Count(ROOT, filter=Q(until=None), distinct=True),
            joins=Count("pk", filter=Q(since__gte=since)),
            leaves=Count("pk", filter=Q(until__gte=since)),
        )
    }
    return [
        Meet(
            ContainerCard(
                id=one.public_id,
                kind=ContainerKind(one.kind),
                label=container_label(one.kind),
                name=one.name,
                external_id=one.external_id,
                store_name="" if one.store is None else one.store.name,
                keeper="" if one.keeper is None else one.keeper.name,
            ),
            *(int(counts.get(one.pk, {}).get(key, 0)) for key in ("people", "joins", "leaves")),
        )
        for one in found
    ]


def days_of(viewer: Viewer, community_id: UUID, *, last: int = 91) -> list[DayRow]:
    """The daily counts, oldest first. Refuses `absent`."""
    row = access_community(viewer, community_id)
    found = Day.objects.filter(community=row, container=None).order_by("-day")[:last]
    return [
        DayRow(
            one.day,
            one.before,
            one.joins,
            one.leaves,
            one.stock,
            one.correction,
            one.active,
            one.accepted,
            Stage(one.stage) if one.stage else None,
        )
        for one in reversed(found)
    ]
