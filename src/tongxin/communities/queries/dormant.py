"""Who has become quiet, by their own rhythm: days since last seen against their own usual gap. Who only reads is there.

Active days are days with any deed of weight in the book, reading among them. Who switched personalisation off is in no list, and
who works here is none of the members.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from tongxin.communities.models import Community
from tongxin.communities.queries.access import access_community
from tongxin.communities.queries.active import ROOT, members
from tongxin.communities.rules.waking import Quiet, Waking, waking
from tongxin.communities.terms import KEEPERS
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.rings.queries.book import switched_off

LOOK_BACK = timedelta(days=400)
EPOCH = date(1970, 1, 1)
SHOWN = 50


@dataclass(frozen=True)
class QuietRow:
    """One member who has become quiet: for how long, against how long they usually stay away, and words to write."""

    person: UUID
    name: str
    store_name: str
    state: Quiet
    days: int
    usual: float
    last: tuple[str, str] | None
    copy: Waking


@dataclass(frozen=True)
class QuietList:
    """The quiet of a community, the most recent first; `members` are all whose rhythm could be told, `once` those seen but once."""

    at_risk: tuple[QuietRow, ...]
    dormant: tuple[QuietRow, ...]
    members: int
    once: int
    usual: float | None


def dormant_members(viewer: Viewer, community_id: UUID) -> QuietList:
    """The at-risk and the dormant of a community in reach; a store sees its own of a brand's community. Refuses `absent`."""
    row = access_community(viewer, community_id)
    if not viewer.roles & KEEPERS:
        raise Refused("absent")
    places = viewer.places(KEEPERS)
    rows = members(row.pk)
    if places is not None:
        rows = rows.filter(Q(store__in=places) | Q(community__store__in=places))
    persons = set(rows.annotate(root=ROOT).values_list("root", flat=True))
    return _list(row, persons, clock.now())


def quiet_people(community: Community, state: Quiet, at: datetime) -> list[int]:
    """The people of a community who are that quiet, for messages; nobody's page."""
    persons = set(members(community.pk).annotate(root=ROOT).values_list("root", flat=True))
    return [
        person
        for person, (quiet, _days, _usual) in _quiet(community, persons, at)[0].items()
        if quiet is state
    ]


def _list(row: Community, persons: Collection[int], now: datetime) -> QuietList:
    found, known, once, usual = _quiet(row, persons, now)
    lasts = _last_deeds(found)
    people = {
        one.pk: one for one in Customer.objects.filter(id__in=found.keys()).select_related("home_store")
    }
    lines: dict[Quiet, list[QuietRow]] = {quiet: [] for quiet in Quiet}
    for person, (quiet, days, gap) in sorted(found.items(), key=lambda item: (item[1][1], item[0])):
        one = people[person]
        last = lasts.get(person)
        lines[quiet].append(
            QuietRow(
                person=one.public_id,
                name=one.nickname,
                store_name=one.home_store.name if one.home_store else "",
                state=quiet,
                days=days,
                usual=gap,
                last=last,
                copy=waking(quiet, name=one.nickname, community=row.name, did=last),
            )
        )
    return QuietList(
        tuple(lines[Quiet.AT_RISK][:SHOWN]), tuple(lines[Quiet.DORMANT][:SHOWN]), known, once, usual
    )


_DAYS = """
SELECT coalesce(c.survivor_id, c.id), (d.occurred_at AT TIME ZONE %(zone)s)::date
FROM people_deed d JOIN people_customer c ON c.id = d.person_id
WHERE d.person_id IN (SELECT id FROM people_customer WHERE id = ANY(%(persons)s) OR survivor_id = ANY(%(persons)s))
    AND d.weight > 0 AND d.reverses_id IS NULL AND d.occurred_at > %(since)s AND d.occurred_at <= %(at)s
    AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id)
GROUP BY 1, 2
"""


def _quiet(
    row: Community, persons: Collection[int], now: datetime
) -> tuple[dict[int, tuple[Quiet, int, float]], int, int, float | None]:
    """Person → (how quiet, days since, usual gap); how many have a rhythm, how many were seen but once; the usual gap of all."""
    import numpy as np  # noqa: PLC0415  # slow: pages without lists of people do without it

    from tongxin.compass.dormancy import days as active  # noqa: PLC0415  # slow, as above
    from tongxin.compass.dormancy import rhythm  # noqa: PLC0415  # slow, as above

    here = _usable(persons)
    if not here:
        return {}, 0, 0, None
    zone = row.store.zone if row.store else row.brand.zone
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"persons": here, "zone": zone, "since": now - LOOK_BACK, "at": now})
        rows = cursor.fetchall()
    place = {person: n for n, person in enumerate(here)}
    who = np.array([place[person] for person, _ in rows], dtype=np.int64)
    day = np.array([(seen - EPOCH).days for _, seen in rows], dtype=np.int64)
    seen = active.build([(who, day)], len(here))
    if not (seen.count > 1).any():
        return {}, 0, int((seen.count == 1).sum()), None
    told = rhythm.of(seen, (clock.business_day(now, zone) - EPOCH).days)
    names = {rhythm.STATES.index(quiet.value): quiet for quiet in Quiet}
    found = {
        here[n]: (names[int(state)], int(told.since_last[n]), float(told.usual[n]))
        for n, state in enumerate(told.state)
        if int(state) in names
    }
    known = int((seen.count > 1).sum())
    return found, known, int((seen.count == 1).sum()), float(np.nanmedian(told.usual))


def _usable(persons: Collection[int]) -> list[int]:
    """Of these the live members whom we may look at by what they did, sorted."""
    live = Customer.objects.filter(
        id__in=persons, state=CustomerState.LIVE, is_staff=False, personalise=True
    ).values_list("id", flat=True)
    off = switched_off(list(live))
    return sorted(person for person in live if person not in off)


_LAST = """
SELECT DISTINCT ON (1) coalesce(c.survivor_id, c.id), d.kind
FROM people_deed d JOIN people_customer c ON c.id = d.person_id
WHERE d.person_id IN (SELECT id FROM people_customer WHERE id = ANY(%(persons)s) OR survivor_id = ANY(%(persons)s))
    AND d.weight > 0 AND d.reverses_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id)
ORDER BY 1, d.occurred_at DESC, d.id DESC
"""


def _last_deeds(persons: Collection[int]) -> dict[int, tuple[str, str]]:
    if not persons:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LAST, {"persons": list(persons)})
        return {
            person: (BY_CODE[kind].zh, BY_CODE[kind].en)
            for person, kind in cursor.fetchall()
            if kind in BY_CODE
        }
