"""Execution 执行率: checks answered and kit steps done, of those that were due, by region and by kit version. Two statements."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.champions.queries.checks import READERS
from tongxin.champions.terms import RATE_DAYS
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits.queries import access_kit


@dataclass(frozen=True)
class RegionRate:
    """A region: how many check days and kit steps were due, and how many were done. `code` "" has stores without a region."""

    code: str
    name: str
    stores: int
    check_days: int
    check_due: int
    steps: int
    steps_due: int

    @property
    def permille(self) -> int | None:
        """Done of a thousand that were due, checks and steps alike; None where nothing was."""
        due = self.check_due + self.steps_due
        return 1000 * (self.check_days + self.steps) // due if due else None


@dataclass(frozen=True)
class VersionRate:
    """A version of a kit in a region: its events, and the steps of its checklist."""

    kit: UUID
    title: str
    version: int
    code: str
    name: str
    events: int
    steps: int
    steps_due: int

    @property
    def permille(self) -> int | None:
        """Done of a thousand that were due; None where nothing was."""
        return 1000 * self.steps // self.steps_due if self.steps_due else None


@dataclass(frozen=True)
class Rates:
    """The last weeks of the stores in reach."""

    since: date
    regions: tuple[RegionRate, ...]
    versions: tuple[VersionRate, ...]

    @property
    def whole(self) -> RegionRate:
        """All regions together."""
        rows = self.regions
        return RegionRate(
            "",
            "",
            sum(one.stores for one in rows),
            sum(one.check_days for one in rows),
            sum(one.check_due for one in rows),
            sum(one.steps for one in rows),
            sum(one.steps_due for one in rows),
        )


_HERE = "(%(places)s::bigint[] IS NULL OR s.id = ANY(%(places)s))"

# A store owes a check for each of the days before today on which it was open.
_CHECKS = f"""
SELECT coalesce(r.code, ''), coalesce(r.name, ''), count(*), coalesce(sum(d.days), 0),
    sum(greatest(0, least(%(today)s, coalesce(s.closed_on + 1, %(today)s)) - greatest(%(since)s, coalesce(s.opened_on, %(since)s))))
FROM stores_store s LEFT JOIN stores_region r ON r.id = s.region_id
LEFT JOIN (
    SELECT store_id, count(DISTINCT day) AS days FROM champions_checkanswer
    WHERE day >= %(since)s AND day < %(today)s AND corrects_id IS NULL GROUP BY 1
) d ON d.store_id = s.id
WHERE NOT s.unsorted AND (s.closed_on IS NULL OR s.closed_on >= %(since)s) AND {_HERE}
GROUP BY 1, 2 ORDER BY 1
"""  # noqa: S608 - nothing of anybody's input is in it

# A step is due once its day beside the event has come; it is counted for the events of the window that are over.
_STEPS = f"""
WITH wanted AS MATERIALIZED (
    SELECT v.id, (c->>'day')::int AS day, count(*) AS n
    FROM kits_version v CROSS JOIN LATERAL jsonb_array_elements(v.content->'checklist') c
    WHERE (%(kit)s::bigint IS NULL OR v.kit_id = %(kit)s) GROUP BY 1, 2
), held AS MATERIALIZED (
    SELECT u.id, u.version_id, u.store_id, u.starts_at FROM kits_use u
    WHERE u.ends_at <= %(now)s AND u.starts_at >= %(from)s AND u.standing <> 'cancelled'
        AND (%(kit)s::bigint IS NULL OR u.version_id IN (SELECT id FROM wanted))
), due AS (
    SELECT h.version_id, h.store_id, sum(w.n) AS n FROM held h JOIN wanted w ON w.id = h.version_id
    WHERE h.starts_at + make_interval(days => w.day) <= %(now)s GROUP BY 1, 2
), done AS (
    SELECT h.version_id, h.store_id, count(*) AS n FROM held h JOIN champions_stepdone t ON t.use_id = h.id
    WHERE h.starts_at + make_interval(days => t.day) <= %(now)s GROUP BY 1, 2
), seen AS (SELECT version_id, store_id, count(*) AS n FROM held GROUP BY 1, 2)
SELECT k.public_id, v.content->>'title', v.number, coalesce(r.code, ''), coalesce(r.name, ''),
    sum(seen.n), coalesce(sum(done.n), 0), coalesce(sum(due.n), 0)
FROM seen JOIN kits_version v ON v.id = seen.version_id JOIN kits_kit k ON k.id = v.kit_id
JOIN stores_store s ON s.id = seen.store_id LEFT JOIN stores_region r ON r.id = s.region_id
LEFT JOIN due ON due.version_id = seen.version_id AND due.store_id = seen.store_id
LEFT JOIN done ON done.version_id = seen.version_id AND done.store_id = seen.store_id
WHERE {_HERE}
GROUP BY 1, v.id, 4, 5 ORDER BY 2, 3 DESC, 4
"""  # noqa: S608 - as above


def rates(viewer: Viewer, *, days: int = RATE_DAYS, kit_id: UUID | str | None = None) -> Rates:
    """The last `days` before today of the stores in reach; of one kit where it is named. Refuses `absent` for a foreign kit.

    A check counts once a day, whatever was said; a day of a store that was not open is not due. Days are those of the brand's
    own clock.
    """
    now = clock.now()
    kit = None if kit_id is None else access_kit(viewer, kit_id).pk
    places = viewer.places(READERS)
    today = clock.business_day(now)
    since = today - timedelta(days=days)
    given: dict[str, Any] = {
        "places": None if places is None else sorted(places),
        "today": today,
        "since": since,
        "now": now,
        "from": clock.day_start(since),
        "kit": kit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHECKS, given)
        checks = cursor.fetchall()
        cursor.execute(_STEPS, given)
        versions = tuple(VersionRate(*row) for row in cursor.fetchall())
    regions = tuple(
        RegionRate(
            code,
            name,
            stores,
            int(answered),
            int(due),
            sum(one.steps for one in versions if one.code == code),
            sum(one.steps_due for one in versions if one.code == code),
        )
        for code, name, stores, answered, due in checks
    )
    return Rates(since, regions, versions)
