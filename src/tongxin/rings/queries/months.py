"""Where everybody stood at several instants: for forecasts. Rows without names or numbers."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.rings.queries.chain import READERS
from tongxin.rings.terms import ORDER, Ring
from tongxin.stores.queries import the_brand

_PATHS = """
SELECT array_agg(p.ring ORDER BY i.place), array_agg(i.place ORDER BY i.place)
FROM rings_placement p
JOIN unnest(%(instants)s::timestamptz[]) WITH ORDINALITY AS i(at, place) ON p.period @> i.at
JOIN people_customer c ON c.id = p.customer_id
WHERE c.state = 'live' AND c.simulated = %(simulated)s
    AND (%(stores)s::bigint[] IS NULL OR c.home_store_id = ANY(%(stores)s::bigint[]))
GROUP BY p.customer_id
ORDER BY 1, 2
"""


def ring_paths(
    instants: Sequence[datetime], *, simulated: bool, stores: Collection[int] | None = None
) -> list[tuple[Ring | None, ...]]:
    """Per person the ring at each instant, None before they were placed; in an order that says nothing about who they are.

    `stores` narrows it to the people whose home is there. One world at a time: `simulated` people, or the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _PATHS,
            {
                "instants": list(instants),
                "simulated": simulated,
                "stores": None if stores is None else sorted(stores),
            },
        )
        found = cursor.fetchall()
    paths = []
    for rings, places in found:
        path: list[Ring | None] = [None] * len(instants)
        for ring, place in zip(rings, places, strict=True):
            path[place - 1] = Ring(ring)
        paths.append(tuple(path))
    return paths


@dataclass(frozen=True)
class MonthFlow:
    """One month: who stood where at its end, who moved in between, who came (by ring) and who is gone."""

    ends: datetime
    stood: dict[Ring, int]
    moves: dict[tuple[Ring, Ring], int]
    came: dict[Ring, int]
    left: dict[Ring, int]

    @property
    def nearer(self) -> int:
        """Steps towards the fire."""
        return sum(n for (origin, target), n in self.moves.items() if target.step > origin.step)

    @property
    def farther(self) -> int:
        """Steps away from it."""
        return sum(n for (origin, target), n in self.moves.items() if target.step < origin.step)


def month_flows(viewer: Viewer, *, months: int = 6) -> list[MonthFlow]:
    """The last complete months and the one that runs, oldest first, for the people in the viewer's reach."""
    zone = the_brand().zone
    instants = _ends(clock.now(), zone, months)
    places = viewer.places(READERS)
    rows = _stood(instants, None if places is None else sorted(places))
    flows = []
    for place in range(1, len(instants)):
        moves: Counter[tuple[Ring, Ring]] = Counter()
        came: Counter[Ring] = Counter()
        left: Counter[Ring] = Counter()
        stood: Counter[Ring] = Counter()
        for path, n in rows:
            before, after = path[place - 1], path[place]
            if after is not None:
                stood[after] += n
            if before is not None and after is not None:
                moves[before, after] += n
            elif after is not None:
                came[after] += n
            elif before is not None:
                left[before] += n
        flows.append(
            MonthFlow(instants[place], {r: stood[r] for r in ORDER}, dict(moves), dict(came), dict(left))
        )
    return flows


def _ends(now: datetime, zone: str, months: int) -> list[datetime]:
    first = clock.month_start(clock.business_day(now, zone))
    found = [now]
    for _ in range(months):
        found.append(datetime.combine(first, time(), ZoneInfo(zone)) - timedelta(microseconds=1))
        first = clock.month_start(first - timedelta(days=1))
    return found[::-1]


_STOOD = """
SELECT path, count(*) FROM (
    SELECT p.customer_id, array_agg(i.place::text || p.ring ORDER BY i.place) AS path
    FROM rings_placement p
    JOIN unnest(%(instants)s::timestamptz[]) WITH ORDINALITY AS i(at, place) ON p.period @> i.at
    JOIN people_customer c ON c.id = p.customer_id
    WHERE c.state = 'live' AND (%(stores)s::bigint[] IS NULL OR c.home_store_id = ANY(%(stores)s::bigint[]))
    GROUP BY p.customer_id
) paths GROUP BY path
"""


def _stood(instants: Sequence[datetime], stores: list[int] | None) -> list[tuple[list[Ring | None], int]]:
    """Paths over the instants with how many people walked each: the database adds up, few rows come here."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, {"instants": list(instants), "stores": stores})
        found = cursor.fetchall()
    rows = []
    for coded, n in found:
        path: list[Ring | None] = [None] * len(instants)
        for code in coded:
            place, ring = _coded(code)
            path[place - 1] = ring
        rows.append((path, n))
    return rows


def _coded(code: str) -> tuple[int, Ring]:
    digits = "".join(c for c in code if c.isdigit())
    return int(digits), Ring(code[len(digits) :])
