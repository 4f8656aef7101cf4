"""What people see of communities: the page of one, those that are open, their own. No word of stages, rings or figures of growth."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from tongxin.communities.models import (
    Acceptance,
    Application,
    Community,
    Container,
    FirstStepDone,
    Introduction,
    Membership,
    PartTerm,
    RuleSet,
    Welcome,
)
from tongxin.communities.queries.access import accepted_number, community_to_join, required_number
from tongxin.communities.queries.active import active_members, heads
from tongxin.communities.queries.standing import gates_of, way_of
from tongxin.communities.queries.words import (
    ContainerCard,
    GateCard,
    PartCard,
    RulesCard,
    StepCard,
    container_label,
    fresh_steps,
    gate_card,
    part_cards,
    purpose_of,
    rules_card,
    step_cards,
)
from tongxin.communities.rules.acceptance import Version, coming
from tongxin.communities.rules.parts import by_tenure, may
from tongxin.communities.rules.welcome import Due, first_week
from tongxin.communities.terms import Applied, ContainerKind, FirstStep, Part, Right, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people import queries as people

HELLOS = 6
LISTED = 50


@dataclass(frozen=True)
class Mine:
    """Where the asking person stands. `membership` None is outside; `paused` waits for the newest rules to be accepted."""

    membership: UUID | None = None
    since: datetime | None = None
    paused: bool = False
    must_accept: int = 0
    coming: RulesCard | None = None
    application: UUID | None = None
    application_state: Applied | None = None
    steps: tuple[StepCard, ...] = ()
    reason: str = ""
    hello: str = ""
    interests: tuple[str, ...] = ()
    buddy: str = ""
    week: tuple[Due, ...] = ()
    may_invite: bool = False


@dataclass(frozen=True)
class Hello:
    """A member who has introduced themself."""

    membership: UUID
    name: str
    words: str
    interests: tuple[str, ...]


@dataclass(frozen=True)
class Meeting:
    """Somebody one was introduced to."""

    id: UUID
    name: str
    about: str
    met: bool | None


@dataclass(frozen=True)
class CommunityPage:
    """A community as people see it."""

    id: UUID
    name: str
    slogan: str
    emblem: str
    state: State
    store: UUID | None
    store_name: str
    purpose: dict[str, str]
    shared: dict[str, list[str]]
    rituals: tuple[dict[str, str], ...]
    members: int
    parts: tuple[PartCard, ...]
    gates: tuple[GateCard, ...]
    containers: tuple[ContainerCard, ...]
    rules: RulesCard | None
    simulated: bool
    mine: Mine
    hellos: tuple[Hello, ...] = ()
    meetings: tuple[Meeting, ...] = ()


@dataclass(frozen=True)
class CommunityLine:
    """A community in a list, with how the asking person stands to it."""

    id: UUID
    name: str
    slogan: str
    emblem: str
    store_name: str
    wants: str
    member: bool = False
    underway: bool = False
    paused: bool = False
    simulated: bool = False


def community_page(viewer: Viewer, community_id: UUID) -> CommunityPage:
    """The page of one community; who says hello inside is shown to active members only. Refuses `absent`."""
    row = community_to_join(viewer, community_id)
    now = clock.now()
    versions = list(RuleSet.objects.filter(community=row).order_by("-number"))
    terms = list(
        PartTerm.objects.select_related("staff", "person").filter(community=row, ended_at=None, until__gt=now)
    )
    order = list(Part)
    terms.sort(key=lambda one: (order.index(Part(one.part)), one.pk))
    mine = _mine(viewer, row, versions, terms)
    inside = mine.membership is not None and not mine.paused
    return CommunityPage(
        id=row.public_id,
        name=row.name,
        slogan=row.slogan,
        emblem=row.emblem,
        state=State(row.state),
        store=None if row.store is None else row.store.public_id,
        store_name="" if row.store is None else row.store.name,
        purpose=purpose_of(row),
        shared={key: list(words) for key, words in row.shared.items()},
        rituals=tuple(row.rituals),
        members=heads(active_members(row.pk)),
        parts=tuple(part_cards(terms)),
        gates=tuple(gate_card(one) for one in gates_of(row.pk)),
        containers=tuple(_containers(row)),
        rules=rules_card(versions[0]) if versions else None,
        simulated=row.simulated,
        mine=mine,
        hellos=tuple(_hellos(row, viewer)) if inside else (),
        meetings=tuple(_meetings(row, viewer)) if inside else (),
    )


def _containers(row: Community) -> list[ContainerCard]:
    found = Container.objects.select_related("store").filter(community=row, until=None).order_by("id")
    return [
        ContainerCard(
            id=one.public_id,
            kind=ContainerKind(one.kind),
            label=container_label(one.kind),
            name=one.name,
            external_id="",
            store_name="" if one.store is None else one.store.name,
            keeper="",
        )
        for one in found
    ]


def _mine(viewer: Viewer, row: Community, versions: list[RuleSet], terms: list[PartTerm]) -> Mine:
    if viewer.person is None:
        return Mine()
    entries = people.cluster(viewer.person)
    member = (
        Membership.objects.filter(community=row, person__in=entries, ended_at=None)
        .order_by("joined_at")
        .first()
    )
    needs = required_number(row.pk)
    has = accepted_number(row.pk, viewer.person)
    if member is None:
        return _outside(row, entries, newest=versions[0].number if versions else 0, has=has)
    now = clock.now()
    ahead = coming([Version(one.number, one.mandatory, one.takes_effect_at) for one in versions], now)
    soon = next((one for one in versions if ahead is not None and one.number == ahead.number), None)
    week = Welcome.objects.select_related("buddy__person").filter(newcomer=member, until__gt=now).first()
    done = set(FirstStepDone.objects.filter(welcome=week).values_list("step", flat=True)) if week else set()
    tenure = by_tenure(member.joined_at, now)
    held = {Part(one.part) for one in terms if one.person_id in entries} | ({tenure} if tenure else set())
    paused = has < needs
    return Mine(
        membership=member.public_id,
        since=member.joined_at,
        paused=paused,
        must_accept=versions[0].number if versions and (paused or (soon and has < soon.number)) else 0,
        coming=rules_card(soon) if soon is not None and has < soon.number else None,
        hello=member.hello,
        interests=tuple(member.interests),
        buddy="" if week is None or week.buddy is None else week.buddy.person.nickname,
        week=() if week is None else _week(week, member.joined_at, {FirstStep(one) for one in done}),
        may_invite=not paused and may(held, Right.INVITE),
    )


def _week(week: Welcome, joined_at: datetime, done: set[FirstStep]) -> tuple[Due, ...]:
    """The first week; without a buddy nobody is asked to greet one."""
    return tuple(
        due
        for due in first_week(joined_at, done, clock.now())
        if due.step is not FirstStep.BUDDY or due.done or week.buddy_id is not None
    )


def _outside(row: Community, entries: list[int], *, newest: int, has: int) -> Mine:
    last = (
        Application.objects.select_related("community", "invitation")
        .filter(community=row, person__in=entries)
        .order_by("-began_at", "-id")
        .first()
    )
    must = newest if has < newest else 0
    if last is None or last.state in {Applied.ADMITTED, Applied.WITHDRAWN}:
        return Mine(must_accept=must, steps=fresh_steps(gates_of(row.pk)))
    steps = step_cards(way_of(last)) if last.state == Applied.UNDERWAY else fresh_steps(gates_of(row.pk))
    return Mine(
        must_accept=must,
        application=last.public_id,
        application_state=Applied(last.state),
        steps=steps,
        reason=last.reason,
    )


def _hellos(row: Community, viewer: Viewer) -> list[Hello]:
    found = (
        active_members(row.pk)
        .select_related("person")
        .exclude(greeted_at=None)
        .exclude(person=viewer.person)
        .order_by("-joined_at", "-id")[:HELLOS]
    )
    return [Hello(one.public_id, one.person.nickname, one.hello, tuple(one.interests)) for one in found]


def _meetings(row: Community, viewer: Viewer) -> list[Meeting]:
    entries = people.cluster(viewer.person or 0)
    found = (
        Introduction.objects.select_related("one__person", "other__person")
        .filter(community=row)
        .filter(
            Q(one__person__in=entries, other__ended_at=None)
            | Q(other__person__in=entries, one__ended_at=None)
        )
        .order_by("-made_at")[:HELLOS]
    )
    return [
        Meeting(
            one.public_id,
            (one.other if one.one.person_id in entries else one.one).person.nickname,
            one.about,
            one.met,
        )
        for one in found
    ]


def rules_of(viewer: Viewer, community_id: UUID) -> list[RulesCard]:
    """Every version of the rules of a community that one can see, newest first. Refuses `absent`."""
    row = community_to_join(viewer, community_id)
    return [rules_card(one) for one in RuleSet.objects.filter(community=row).order_by("-number")]


def my_communities(viewer: Viewer) -> list[CommunityLine]:
    """Those one is in, and those one is on the way into, by name."""
    if viewer.person is None:
        return []
    entries = people.cluster(viewer.person)
    inside = Membership.objects.filter(person__in=entries, ended_at=None)
    asked = Application.objects.filter(person__in=entries, state=Applied.UNDERWAY)
    rows = (
        Community.objects.select_related("store")
        .filter(Q(id__in=inside.values("community")) | Q(id__in=asked.values("community")))
        .order_by("name")
    )
    return lines(rows, entries)


def open_communities(viewer: Viewer, *, limit: int = LISTED) -> list[CommunityLine]:
    """What people are shown to join: those of the store they call home, then the brand's; all while they have no such store.

    Another store's community is joined by its address, which an event or an invitation there gives.
    """
    entries = people.cluster(viewer.person) if viewer.person is not None else []
    home = people.home_store_of(viewer.person) if viewer.person is not None else None
    rows = Community.objects.select_related("store").filter(state=State.OPEN)
    if home is not None:
        rows = rows.filter(Q(store=home) | Q(store=None))
    near = sorted(rows.order_by("name")[:limit], key=lambda one: one.store_id is None)
    return lines(near, entries)


def lines(rows: Any, entries: list[int]) -> list[CommunityLine]:
    """Communities as lines, in the order given: the same four questions for one as for fifty."""
    found = list(rows)
    inside = set(
        Membership.objects.filter(
            person__in=entries, ended_at=None, community__in=[one.pk for one in found]
        ).values_list("community", flat=True)
    )
    asked = set(
        Application.objects.filter(
            person__in=entries, state=Applied.UNDERWAY, community__in=[one.pk for one in found]
        ).values_list("community", flat=True)
    )
    needs = _needs([one.pk for one in found])
    has = _has([one.pk for one in found], entries)
    return [
        CommunityLine(
            id=one.public_id,
            name=one.name,
            slogan=one.slogan,
            emblem=one.emblem,
            store_name="" if one.store is None else one.store.name,
            wants=str(one.purpose.get("wants", "")),
            member=one.pk in inside,
            underway=one.pk in asked and one.pk not in inside,
            paused=one.pk in inside and has.get(one.pk, 0) < needs.get(one.pk, 0),
            simulated=one.simulated,
        )
        for one in found
    ]


def _needs(communities: list[int]) -> dict[int, int]:
    rows = RuleSet.objects.filter(
        community__in=communities, mandatory=True, takes_effect_at__lte=clock.now()
    ).order_by("number")
    return dict(rows.values_list("community", "number"))


def _has(communities: list[int], entries: list[int]) -> dict[int, int]:
    rows = Acceptance.objects.filter(person__in=entries, ruleset__community__in=communities)
    return dict(rows.order_by("ruleset__number").values_list("ruleset__community", "ruleset__number"))
