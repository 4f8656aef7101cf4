"""Who uses which version, how far a kit has come in each region, and how often it was really held. Few statements, however many stores."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits.queries.access import access_kit
from tongxin.kits.terms import READERS


@dataclass(frozen=True)
class Coverage:
    """A region: to how many stores a kit is offered, how many have adopted it."""

    region: str
    name: str
    offered: int
    adopted: int

    @property
    def permille(self) -> int:
        """Adopted of a thousand offered."""
        return 1000 * self.adopted // self.offered if self.offered else 0


@dataclass(frozen=True)
class Execution:
    """A version in a region: events whose day is over, how many of them were held, how many still lie ahead."""

    version: int
    region: str
    name: str
    due: int
    held: int
    cancelled: int
    ahead: int

    @property
    def permille(self) -> int:
        """Held of a thousand that were due."""
        return 1000 * self.held // self.due if self.due else 0


@dataclass(frozen=True)
class Rollout:
    """All of a kit."""

    coverage: tuple[Coverage, ...]
    execution: tuple[Execution, ...]
    users: tuple[tuple[int, int], ...]  # version, stores whose newest instance has it

    @property
    def offered(self) -> int:
        """Stores that could."""
        return sum(one.offered for one in self.coverage)

    @property
    def adopted(self) -> int:
        """Stores that do."""
        return sum(one.adopted for one in self.coverage)


@dataclass(frozen=True)
class Tile:
    """A store on the tile map: offered the kit or not, and the version of its newest instance (None: it never adopted one)."""

    store: UUID
    name: str
    city: str
    region: str
    offered: bool
    version: int | None
    recalled: bool


_HERE = "(%(places)s::bigint[] IS NULL OR s.id = ANY(%(places)s))"

_COVERAGE = f"""
SELECT coalesce(r.code, ''), coalesce(r.name, ''), count(*) FILTER (WHERE k.everywhere OR o.store_id IS NOT NULL),
    count(*) FILTER (WHERE i.store_id IS NOT NULL)
FROM stores_store s JOIN kits_kit k ON k.id = %(kit)s
LEFT JOIN stores_region r ON r.id = s.region_id
LEFT JOIN kits_offer o ON o.kit_id = k.id AND o.store_id = s.id
LEFT JOIN (SELECT DISTINCT store_id FROM kits_instance WHERE kit_id = %(kit)s) i ON i.store_id = s.id
WHERE {_HERE} AND (s.closed_on IS NULL OR s.closed_on > %(today)s)
GROUP BY 1, 2 HAVING count(*) FILTER (WHERE k.everywhere OR o.store_id IS NOT NULL OR i.store_id IS NOT NULL) > 0
ORDER BY 1
"""  # noqa: S608 - nothing of anybody's input is in it

_EXECUTION = f"""
SELECT v.number, coalesce(r.code, ''), coalesce(r.name, ''), count(*) FILTER (WHERE u.ends_at <= %(now)s),
    count(*) FILTER (WHERE u.standing = 'held'), count(*) FILTER (WHERE u.standing = 'cancelled'),
    count(*) FILTER (WHERE u.ends_at > %(now)s AND u.standing IN ('planned', 'open'))
FROM kits_version v JOIN kits_use u ON u.version_id = v.id JOIN stores_store s ON s.id = u.store_id
LEFT JOIN stores_region r ON r.id = s.region_id
WHERE v.kit_id = %(kit)s AND u.starts_at >= %(since)s AND {_HERE}
GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2
"""  # noqa: S608 - as above

_USERS = f"""
SELECT v.number, count(*) FROM (
    SELECT DISTINCT ON (i.store_id) i.store_id, i.version_id FROM kits_instance i JOIN stores_store s ON s.id = i.store_id
    WHERE i.kit_id = %(kit)s AND {_HERE} ORDER BY i.store_id, i.changed_at DESC, i.id DESC
) newest JOIN kits_version v ON v.id = newest.version_id GROUP BY 1 ORDER BY 1 DESC
"""  # noqa: S608 - as above

_TILES = f"""
SELECT s.public_id, s.name, s.city, coalesce(r.name, ''), k.everywhere OR o.store_id IS NOT NULL, v.number, g.id IS NOT NULL
FROM stores_store s JOIN kits_kit k ON k.id = %(kit)s
LEFT JOIN stores_region r ON r.id = s.region_id
LEFT JOIN kits_offer o ON o.kit_id = k.id AND o.store_id = s.id
LEFT JOIN (SELECT DISTINCT ON (store_id) store_id, version_id FROM kits_instance WHERE kit_id = %(kit)s
    ORDER BY store_id, changed_at DESC, id DESC) i ON i.store_id = s.id
LEFT JOIN kits_version v ON v.id = i.version_id
LEFT JOIN kits_recall g ON g.version_id = v.id
WHERE {_HERE} AND NOT s.unsorted AND (s.closed_on IS NULL OR s.closed_on > %(today)s)
ORDER BY r.code NULLS LAST, s.city, s.code
"""  # noqa: S608 - as above


def tiles(viewer: Viewer, kit_id: UUID | str) -> list[Tile]:
    """Every open store in reach, by region and city, with the version that it uses. One statement beside the kit's. Refuses `absent`."""
    kit = access_kit(viewer, kit_id)
    places = viewer.places(READERS)
    given = {
        "kit": kit.pk,
        "places": None if places is None else sorted(places),
        "today": clock.business_day(clock.now()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TILES, given)
        return [Tile(*row) for row in cursor.fetchall()]


def rollout(viewer: Viewer, kit_id: UUID | str, *, since: datetime | None = None) -> Rollout:
    """Coverage by region, execution by version and region since a day (a year back unless said), and who uses which version.

    Managers see their own stores. Refuses `absent`.
    """
    kit = access_kit(viewer, kit_id)
    now = clock.now()
    places = viewer.places(READERS)
    given = {
        "kit": kit.pk,
        "places": None if places is None else sorted(places),
        "now": now,
        "today": clock.business_day(now),
        "since": since or now.replace(year=now.year - 1, day=min(now.day, 28)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COVERAGE, given)
        coverage = tuple(Coverage(*row) for row in cursor.fetchall())
        cursor.execute(_EXECUTION, given)
        execution = tuple(Execution(*row) for row in cursor.fetchall())
        cursor.execute(_USERS, given)
        users = tuple((number, n) for number, n in cursor.fetchall())
    return Rollout(coverage, execution, users)
