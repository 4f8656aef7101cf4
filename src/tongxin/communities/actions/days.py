"""The daily count of every community and container, in one statement each; late news show as corrections."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from tongxin.communities.actions.trails import ROOM
from tongxin.communities.models import Community, Day
from tongxin.communities.rules import life
from tongxin.communities.rules.counts import Balanced, balance
from tongxin.communities.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.locks import advisory

MOST_BEHIND = 92  # days a long outage is made up for
LOOK_BACK = 2 * life.MONTH + 7

_COMMUNITIES = """
WITH asked AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS a(id, starts, ends)
), needs AS (
    SELECT a.id, coalesce(max(r.number), 0) AS number FROM asked a
    LEFT JOIN communities_ruleset r ON r.community_id = a.id AND r.mandatory AND r.takes_effect_at < a.ends
    GROUP BY a.id
), did AS (
    SELECT a.id, coalesce(c.survivor_id, c.id) AS person, bool_or(d.occurred_at >= a.starts) AS today
    FROM asked a
    JOIN people_deed d ON d.community = a.id AND d.occurred_at < a.ends AND d.occurred_at >= a.ends - interval '28 days'
        AND d.weight > 0 AND d.reverses_id IS NULL
    JOIN people_customer c ON c.id = d.person_id
    WHERE d.occurred_at >= %(oldest)s
        AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id)
    GROUP BY a.id, coalesce(c.survivor_id, c.id)
), inside AS (
    SELECT a.id, coalesce(c.survivor_id, c.id) AS person FROM asked a
    JOIN communities_membership m ON m.community_id = a.id AND m.joined_at < a.ends
        AND (m.ended_at IS NULL OR m.ended_at >= a.ends)
    JOIN people_customer c ON c.id = m.person_id
    GROUP BY a.id, coalesce(c.survivor_id, c.id)
)
SELECT a.id,
    (SELECT count(*) FROM communities_membership m
        WHERE m.community_id = a.id AND m.joined_at >= a.starts AND m.joined_at < a.ends),
    (SELECT count(*) FROM communities_membership m
        WHERE m.community_id = a.id AND m.ended_at >= a.starts AND m.ended_at < a.ends),
    (SELECT count(*) FROM inside i WHERE i.id = a.id),
    (SELECT count(*) FROM inside i JOIN needs n ON n.id = i.id WHERE i.id = a.id AND (n.number = 0 OR EXISTS (
        SELECT 1 FROM communities_acceptance k JOIN communities_ruleset r ON r.id = k.ruleset_id
        JOIN people_customer c ON c.id = k.person_id
        WHERE r.community_id = a.id AND r.number >= n.number AND k.accepted_at < a.ends
            AND coalesce(c.survivor_id, c.id) = i.person))),
    (SELECT count(*) FROM inside i JOIN did ON did.id = i.id AND did.person = i.person WHERE i.id = a.id),
    (SELECT count(*) FROM inside i JOIN did ON did.id = i.id AND did.person = i.person WHERE i.id = a.id AND did.today)
FROM asked a
"""

_CONTAINERS = """
SELECT k.id, k.community_id,
    count(*) FILTER (WHERE s.since >= a.starts AND s.since < a.ends),
    count(*) FILTER (WHERE s.until >= a.starts AND s.until < a.ends),
    count(DISTINCT coalesce(c.survivor_id, c.id)) FILTER (WHERE s.since < a.ends AND (s.until IS NULL OR s.until >= a.ends))
FROM unnest(%(ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS a(id, starts, ends)
JOIN communities_container k ON k.community_id = a.id AND (k.until IS NULL OR k.until >= a.starts)
LEFT JOIN communities_containerstay s ON s.container_id = k.id
LEFT JOIN people_customer c ON c.id = s.person_id
GROUP BY k.id, k.community_id
"""

_BEFORE = """
SELECT DISTINCT ON (community_id, container_id) community_id, container_id, stock, day FROM communities_day
WHERE community_id = ANY(%s) AND day < %s ORDER BY community_id, container_id, day DESC
"""


def take_due(*, viewer: Viewer) -> int:
    """Count every trading day that is over and not counted yet, oldest first; answers how many rows were written."""
    today = clock.now().astimezone(ZoneInfo(clock.SHANGHAI)).date()
    last = Day.objects.order_by("-day").values_list("day", flat=True).first()
    opened = Community.objects.exclude(opened_at=None).order_by("opened_at").first()
    if opened is None or opened.opened_at is None:
        return 0
    first = (
        opened.opened_at.astimezone(ZoneInfo(clock.SHANGHAI)).date()
        if last is None
        else last + timedelta(days=1)
    )
    first = max(first, today - timedelta(days=MOST_BEHIND))
    return sum(take_day(viewer=viewer, day=first + timedelta(days=n)) for n in range((today - first).days))


def take_day(*, viewer: Viewer, day: date) -> int:
    """Write down what a trading day ended with, once; a second call changes nothing. Answers how many rows are new."""
    with advisory("communities.day"):
        rows = _communities(day)
        if not rows:
            return 0
        starts = [clock.day_start(day, *_zone(one)) for one in rows]
        ends = [clock.day_end(day, *_zone(one)) for one in rows]
        ids = [one.pk for one in rows]
        before = _before(ids, day)
        made = _count(ids, starts, ends, before, day)
        Day.objects.bulk_create(made)
        _live(rows, day)
        trail(
            viewer=viewer,
            act="communities.day_taken",
            subject=(ROOM, "day", day.isoformat()),
            after={"communities": len(rows), "corrected": sum(1 for one in made if one.correction)},
        )
    return len(made)


def _communities(day: date) -> list[Community]:
    """Those that were open on the day and have no count of it yet."""
    counted = Day.objects.filter(day=day, container=None).values("community")
    found = Community.objects.select_related("store").exclude(opened_at=None).exclude(id__in=counted)
    return [
        one
        for one in found.order_by("id")
        if one.opened_at is not None
        and one.opened_at < clock.day_end(day, *_zone(one))
        and (one.closed_at is None or one.closed_at >= clock.day_start(day, *_zone(one)))
    ]


def _zone(one: Community) -> tuple[str, int]:
    return (clock.SHANGHAI, 0) if one.store is None else (one.store.zone, one.store.cutoff_hour)


def _before(ids: list[int], day: date) -> dict[tuple[int, int | None], int]:
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [ids, day])
        return {(community, container): stock for community, container, stock, _ in cursor.fetchall()}


def _count(
    ids: list[int],
    starts: list[datetime],
    ends: list[datetime],
    before: dict[tuple[int, int | None], int],
    day: date,
) -> list[Day]:
    now = clock.now()
    values: dict[str, Any] = {
        "ids": ids,
        "starts": starts,
        "ends": ends,
        "oldest": min(ends) - timedelta(days=life.MONTH),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COMMUNITIES, values)
        whole = cursor.fetchall()
        cursor.execute(_CONTAINERS, values)
        parts = cursor.fetchall()
    made = []
    for community, joins, leaves, stock, accepted, active, moved in whole:
        sums = balance(before=before.get((community, None), 0), joins=joins, leaves=leaves, stock=stock)
        made.append(_day(community, None, day, sums, now, accepted=accepted, active=active, moved=moved))
    for container, community, joins, leaves, stock in parts:
        sums = balance(before=before.get((community, container), 0), joins=joins, leaves=leaves, stock=stock)
        made.append(_day(community, container, day, sums, now))
    return made


def _day(community: int, container: int | None, day: date, sums: Balanced, now: datetime, **more: int) -> Day:
    return Day(
        community_id=community,
        container_id=container,
        day=day,
        before=sums.before,
        joins=sums.joins,
        leaves=sums.leaves,
        stock=sums.stock,
        correction=sums.correction,
        taken_at=now,
        **more,
    )


def _live(rows: list[Community], day: date) -> None:
    """Stage and warnings from the days so far, kept with the day and shown with the community."""
    ids = [one.pk for one in rows]
    past: dict[int, list[life.Day]] = {key: [] for key in ids}
    found = Day.objects.filter(
        community__in=ids, container=None, day__lte=day, day__gt=day - timedelta(days=LOOK_BACK)
    ).order_by("day")
    for one in found:
        past[one.community_id].append(
            life.Day(one.day, one.stock, one.joins, one.leaves, one.active, one.moved)
        )
    told = {key: life.live(days, closed=False) for key, days in past.items()}
    for row in rows:
        if row.state != State.CLOSED:
            row.stage, row.warnings = told[row.pk].stage, [str(word) for word in told[row.pk].warnings]
    Community.objects.bulk_update(rows, ["stage", "warnings"])
    today = list(Day.objects.filter(community__in=ids, container=None, day=day))
    for count in today:
        count.stage = told[count.community_id].stage
        count.warnings = [str(word) for word in told[count.community_id].warnings]
    Day.objects.bulk_update(today, ["stage", "warnings"])
