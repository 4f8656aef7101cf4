"""All stores at once for headquarters: the health of each, how many answered their check day by day, how many came.

As many statements for one store as for six hundred; the rule decides on what they gathered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.champions.rules.checks import due_days
from tongxin.champions.rules.health import StoreFacts, StoreHealth, share, store_health
from tongxin.champions.terms import READERS, Health
from tongxin.events.queries.chain import Turnout, turnout
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.stores import queries as stores
from tongxin.stores.models import Store

CHECK_DAYS = 14
WEEKS = 8  # of the line on the first page
HEALTH_WEEKS = 4  # what a store's verdict looks back on


@dataclass(frozen=True)
class StoreLine:
    """One store with its verdict."""

    id: int
    public_id: UUID
    code: str
    name: str
    region: str
    health: StoreHealth


@dataclass(frozen=True)
class DayShare:
    """A day: how many of the stores that were open answered their check."""

    day: date
    answered: int
    due: int

    @property
    def permille(self) -> int:
        """Answered of a thousand due."""
        return 1000 * self.answered // self.due if self.due else 0


@dataclass(frozen=True)
class WeekShare:
    """A week of the chain: who had a place, who came, and the interval of the share."""

    week: date
    registered: int
    came: int

    @property
    def span(self) -> tuple[float, float, float]:
        """Share, low, high."""
        return share(self.came, self.registered)


@dataclass(frozen=True)
class Chain:
    """All stores in reach: each with its verdict, the days of the check oldest first (the last is yesterday), the weeks that are over."""

    stores: tuple[StoreLine, ...]
    days: tuple[DayShare, ...]
    weeks: tuple[WeekShare, ...]

    def counted(self) -> dict[Health, int]:
        """How many stand at each level."""
        counts = Counter(line.health.level for line in self.stores)
        return {level: counts[level] for level in Health}


_ANSWERED = """
SELECT store_id, day FROM champions_checkanswer WHERE day >= %(since)s AND day < %(today)s
    AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s)) GROUP BY 1, 2
"""
_OPEN = """
SELECT store_id, 0, count(*) FROM champions_checkanswer c WHERE answer = 'no' AND sentence <> ''
    AND NOT EXISTS (SELECT 1 FROM champions_checkanswer l WHERE l.corrects_id = c.id)
    AND NOT EXISTS (SELECT 1 FROM champions_concernanswer d WHERE d.concern_id = c.id)
    AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s)) GROUP BY 1
UNION ALL
SELECT w.store_id, 1, count(*) FROM kits_recallwarning w JOIN kits_use u ON u.id = w.use_id
WHERE w.seen_at IS NULL AND u.ends_at > %(now)s AND u.standing IN ('planned', 'open')
    AND (%(stores)s::bigint[] IS NULL OR w.store_id = ANY(%(stores)s)) GROUP BY 1
"""


def chain(viewer: Viewer, shops: Sequence[Store] | None = None) -> Chain:
    """The stores in reach that are described and not closed. `shops` saves a statement for who has read them already."""
    brand = stores.the_brand()
    now = clock.now()
    today = clock.business_day(now, brand.zone)
    places = viewer.places(READERS)
    known = stores.stores_for(viewer) if shops is None else shops
    mine = [
        shop
        for shop in known
        if not shop.unsorted
        and (shop.closed_on is None or shop.closed_on > today)
        and (places is None or shop.pk in places)
    ]
    asked = {
        "since": today - timedelta(days=CHECK_DAYS),
        "today": today,
        "now": now,
        "stores": None if places is None else sorted(places),
    }
    answered: dict[int, set[date]] = {}
    for store, day in _rows(_ANSWERED, asked):
        answered.setdefault(store, set()).add(day)
    concerns, recalled = _open(asked)
    monday = clock.week_start(today)
    begin = clock.day_start(monday - timedelta(weeks=WEEKS), brand.zone)
    came = turnout(viewer, begin, now, brand.zone)
    lately = _lately(came, monday - timedelta(weeks=HEALTH_WEEKS))
    due = {
        shop.pk: due_days(today - timedelta(days=1), CHECK_DAYS, shop.opened_on, shop.closed_on)
        for shop in mine
    }
    lines = tuple(
        StoreLine(
            shop.pk,
            shop.public_id,
            shop.code,
            shop.name,
            shop.region.name if shop.region else "",
            store_health(
                StoreFacts(
                    due[shop.pk],
                    frozenset(answered.get(shop.pk, ())),
                    concerns.get(shop.pk, 0),
                    recalled.get(shop.pk, 0),
                    *lately.get(shop.pk, (0, 0)),
                )
            ),
        )
        for shop in mine
    )
    return Chain(lines, _days(due, answered), _weeks(came, monday))


def _open(asked: Mapping[str, Any]) -> tuple[dict[int, int], dict[int, int]]:
    found: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for store, which, n in _rows(_OPEN, asked):
        found[which][store] = n
    return found


def _lately(came: Sequence[Turnout], since: date) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for one in came:
        if one.week >= since:
            registered, there = found.get(one.store, (0, 0))
            found[one.store] = registered + one.registered, there + one.came
    return found


def _days(due: Mapping[int, Sequence[date]], answered: Mapping[int, set[date]]) -> tuple[DayShare, ...]:
    wanted = Counter(day for days in due.values() for day in days)
    given = Counter(day for store, days in answered.items() for day in days if store in due)
    return tuple(DayShare(day, given[day], wanted[day]) for day in sorted(wanted))


def _weeks(came: Sequence[Turnout], monday: date) -> tuple[WeekShare, ...]:
    """Only weeks that are over: the running one is half a week."""
    registered: Counter[date] = Counter()
    there: Counter[date] = Counter()
    for one in came:
        if one.week < monday:
            registered[one.week] += one.registered
            there[one.week] += one.came
    return tuple(WeekShare(week, registered[week], there[week]) for week in sorted(registered))


def _rows(text: str, asked: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, asked)
        return list(cursor.fetchall())
