"""The instruments of one community for its desk: the four indices, how its members hang together, how few carry it, is the job solved."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from tongxin.communities.queries.access import access_community
from tongxin.communities.queries.active import ROOT, members
from tongxin.communities.queries.proofs import Proof, proof_of
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.measure.queries import IndicesCard, PlanReturn, kept_indices, plan_returns

WINDOW = timedelta(days=91)
TIES = ("replied", "answered", "answer_accepted", "reacted")
DRAWN = 80  # people that a picture can show as dots
LIVING = 3  # living ties of a member that is well connected
TOP = 0.10


@dataclass(frozen=True)
class Web:
    """How members hang together in 91 days. `people` are dots without names, `ties` pairs of their places with a weight.

    `largest` is the share of members in the largest part, `alone` those tied to nobody, `held` the share with three ties or more.
    """

    members: int
    people: tuple[int, ...]
    ties: tuple[tuple[int, int, int], ...]
    largest: float
    alone: int
    held: float
    parts: int


@dataclass(frozen=True)
class Carried:
    """How few carry the activity: the share of the most active tenth, and how many do half of it."""

    active: int
    deeds: int
    top_share: float
    half_by: int


@dataclass(frozen=True)
class Instruments:
    """All of them; each may be missing until there is something to say."""

    indices: IndicesCard | None
    web: Web | None
    carried: Carried | None
    proof: Proof | None
    plans: tuple[PlanReturn, ...]


def instruments(viewer: Viewer, community_id: UUID) -> Instruments:
    """The instruments of a community in reach. Refuses `absent`."""
    row = access_community(viewer, community_id)
    now = clock.now()
    persons = sorted(set(members(row.pk).annotate(root=ROOT).values_list("root", flat=True)))
    return Instruments(
        indices=kept_indices(row.pk),
        web=_web(row.pk, persons, now),
        carried=_carried(row.pk, persons, now),
        proof=proof_of(row, now),
        plans=tuple(plan_returns(viewer, f"{row.public_id}:")),
    )


_TIES = """
SELECT least(a, b), greatest(a, b), count(*) FROM (
    SELECT coalesce(c.survivor_id, c.id) AS a, coalesce(o.survivor_id, o.id) AS b
    FROM people_deed d
    JOIN people_customer c ON c.id = d.person_id
    JOIN people_customer o ON o.id = d.counterpart_id
    WHERE d.community = %(community)s AND d.kind = ANY(%(kinds)s) AND d.reverses_id IS NULL
        AND d.occurred_at > %(since)s AND d.occurred_at <= %(at)s
        AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id)
) pairs WHERE a <> b AND a = ANY(%(persons)s) AND b = ANY(%(persons)s)
GROUP BY 1, 2
"""


def _web(community: int, persons: list[int], now: datetime) -> Web | None:
    if not persons:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            _TIES,
            {
                "community": community,
                "kinds": list(TIES),
                "since": now - WINDOW,
                "at": now,
                "persons": persons,
            },
        )
        pairs = cursor.fetchall()
    if not pairs:
        return None
    near: dict[int, set[int]] = defaultdict(set)
    for one, other, _n in pairs:
        near[one].add(other)
        near[other].add(one)
    sizes = _parts(near)
    shown = sorted(near, key=lambda person: (-len(near[person]), person))[:DRAWN]
    place = {person: n for n, person in enumerate(shown)}
    return Web(
        members=len(persons),
        people=tuple(len(near[person]) for person in shown),
        ties=tuple((place[a], place[b], n) for a, b, n in pairs if a in place and b in place),
        largest=max(sizes) / len(persons),
        alone=len(persons) - len(near),
        held=sum(len(others) >= LIVING for others in near.values()) / len(persons),
        parts=len(sizes),
    )


def _parts(near: dict[int, set[int]]) -> list[int]:
    """Sizes of the parts that hang together."""
    left, sizes = set(near), []
    while left:
        here, size = [left.pop()], 0
        while here:
            size += 1
            found = near[here.pop()] & left
            left -= found
            here += found
        sizes.append(size)
    return sizes


_DEEDS = """
SELECT coalesce(c.survivor_id, c.id), count(*) FROM people_deed d JOIN people_customer c ON c.id = d.person_id
WHERE d.community = %(community)s AND d.weight > 1 AND d.reverses_id IS NULL
    AND d.occurred_at > %(since)s AND d.occurred_at <= %(at)s
    AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id)
GROUP BY 1
"""


def _carried(community: int, persons: list[int], now: datetime) -> Carried | None:
    """Of what takes more than a tap: how much comes from the most active tenth of the members."""
    with connection.cursor() as cursor:
        cursor.execute(_DEEDS, {"community": community, "since": now - WINDOW, "at": now})
        inside = set(persons)
        counts = Counter({person: n for person, n in cursor.fetchall() if person in inside})
    if not counts:
        return None
    ranked = [n for _person, n in counts.most_common()]
    total = sum(ranked)
    top = max(1, round(len(persons) * TOP))
    half, so_far = 0, 0
    while so_far * 2 < total:
        so_far += ranked[half]
        half += 1
    return Carried(len(ranked), total, sum(ranked[:top]) / total, half)
