"""今日: who stands where, what waits for a decision, how the stores are, what is on this week, what the studies say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.champions.queries.chain import Chain, StoreLine, chain
from tongxin.champions.terms import HEALTH_LABELS, Health, HealthWhy
from tongxin.events import free_days
from tongxin.events.queries import chain as events
from tongxin.faces import pictures
from tongxin.faces.asking import Asked
from tongxin.faces.hq.drawings import band, region_dots
from tongxin.faces.hq.todos import todos, why_said
from tongxin.faces.hq.words import holiday_said
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.measure import queries as measure
from tongxin.measure.terms import StudyState
from tongxin.rings import queries as rings
from tongxin.stores import queries as stores

SHOWN = 5  # of what waits; the rest is folded
MOST = 30
RED_SHOWN = 6
TOGETHER = 4
STUDIES, ANSWERED = 4, 2


@dataclass(frozen=True)
class RedLine:
    """A red store: why, its index with the interval where it is published, and the next step."""

    store: StoreLine
    why: str
    index: str
    span: str
    step: str
    link: str


@dataclass(frozen=True)
class WeekDay:
    """One day of the strip."""

    day: date
    today: bool
    rest: bool
    note: str


def today(request: Asked) -> HttpResponse:
    """The first page of headquarters."""
    viewer, now = request.viewer, clock.now()
    shops = stores.stores_for(viewer)
    unsorted = sum(shop.unsorted for shop in shops)
    studies = _studies(viewer)
    zone, currency = _brand()
    found = chain(viewer, shops) if shops else Chain((), (), ())
    waiting = todos(viewer, studies=studies, lines=found.stores, unsorted=unsorted, currency=currency)[:MOST]
    day = clock.business_day(now, zone)
    begin = clock.day_start(clock.week_start(day), zone)
    end = clock.day_start(clock.week_start(day) + timedelta(weeks=1), zone)
    picture = ring_picture(viewer)
    context = {
        "picture": picture,
        "todos": waiting[:SHOWN],
        "more": waiting[SHOWN:],
        "count": len(waiting),
        "verdict": next((one for one in studies if one.state is StudyState.DONE), None),
        "studies": studies,
        "stores": len(shops),
        "unsorted": unsorted,
        "today": day,
        "now": now,
        "runs": rings.runs(viewer, limit=1),
        "week": events.week_in(viewer, begin, end),
        "together": events.together_in(viewer, begin, end, limit=TOGETHER),
        "days": _week_days(day, zone),
        **_health(viewer, found),
    }
    return render(request, "hq/today.html", context)


def _studies(viewer: Viewer) -> list[Any]:
    """What has an answer first; then what was asked last."""
    answered = measure.studies(viewer, state=StudyState.DONE, limit=ANSWERED).items
    known = {one.public_id for one in answered}
    others = [one for one in measure.studies(viewer, limit=STUDIES).items if one.public_id not in known]
    return [*answered, *others][:STUDIES]


def _brand() -> tuple[str, str]:
    try:
        brand = stores.the_brand()
    except Refused:
        return clock.SHANGHAI, "CNY"
    return brand.zone, brand.currency


def ring_picture(viewer: Viewer) -> pictures.RingPicture:
    """The diagram of the people in reach, from the numbers that the rings give."""
    drawn = rings.ring_diagram(viewer)
    return pictures.ring_picture(
        unit=drawn.unit,
        people={str(ring): n for ring, n in drawn.people.items()},
        rows={str(ring): [(r.radius, r.dots, r.diameter) for r in rows] for ring, rows in drawn.rows.items()},
        moves={(str(w.origin), str(w.target)): w.people for w in drawn.walkers},
        arrived=drawn.arrived,
    )


def _health(viewer: Viewer, found: Chain) -> dict[str, Any]:
    counted = found.counted()
    red = [line for line in found.stores if line.health.level is Health.RED]
    heard = any(day.answered for day in found.days)
    came = [week for week in found.weeks if week.registered]
    return {
        "dots": region_dots(found.stores),
        "levels": [(level, HEALTH_LABELS[level], counted[level]) for level in Health],
        "reds": _reds(viewer, red[:RED_SHOWN]),
        "red": len(red),
        "red_more": len(red) - RED_SHOWN,
        "judged": len(found.stores),
        "yesterday": found.days[-1] if heard else None,
        "first_day": found.days[0] if heard else None,
        "check_line": pictures.spark([day.permille for day in found.days])
        if heard and len(found.days) > 1
        else None,
        "last_week": came[-1] if came else None,
        "came_line": band([week.span for week in came]) if len(came) > 1 else None,
    }


def _reds(viewer: Viewer, red: Sequence[StoreLine]) -> list[RedLine]:
    indices = _indices(viewer) if red else {}
    return [_red(line, indices.get(line.code)) for line in red]


def _indices(viewer: Viewer) -> dict[str, Any]:
    """The newest published index of each store by its code; empty where none was measured."""
    newest = measure.newest_measurements(viewer).get("ees")
    if newest is None:
        return {}
    answer = measure.access_measurement(viewer, newest.public_id).answer or {}
    return {row["store"]: row for row in answer.get("stores", ()) if row.get("value") is not None}


def _red(line: StoreLine, index: Any) -> RedLine:
    first = line.health.reasons[0]
    step, link = {
        HealthWhy.RECALLED: (_("看召回"), reverse("hq.kits")),
        HealthWhy.NO_CHECK: (_("看体检"), reverse("hq.checks")),
        HealthWhy.CONCERNS: (_("去答复"), reverse("hq.checks")),
        HealthWhy.FEW_CAME: (_("看活动"), f"{reverse('hq.events')}?tab=past&store={line.public_id}"),
    }[first.code]
    low, high = (index or {}).get("ci") or (None, None)
    return RedLine(
        line,
        "；".join(why_said(one) for one in line.health.reasons),
        f"{index['value']:.0f}" if index else "",
        "" if low is None else f"{low:.0f}～{high:.0f}",
        step,
        link,
    )


def _week_days(day: date, zone: str) -> list[WeekDay]:
    monday = clock.week_start(day)
    week = [monday + timedelta(days=n) for n in range(7)]
    known = free_days.days_for(zone, {one.year for one in week})
    return [
        WeekDay(
            one,
            one == day,
            not known.works(one),
            holiday_said(known, one),
        )
        for one in week
    ]
