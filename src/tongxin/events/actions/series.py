"""A series: opened with its dates as rows, published at once, carried on every night, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from tongxin.events import queries
from tongxin.events.actions import (
    calling_off,
    kit_links,
    pricing,
    publishing,
    series_rows,
)
from tongxin.events.actions.bookings import Taken
from tongxin.events.formats import FORMATS
from tongxin.events.models import Occurrence, Series
from tongxin.events.queries.series import access_series, turns_of
from tongxin.events.rules import recurrence
from tongxin.events.rules.recurrence import Holidays, Turn
from tongxin.events.rules.rota import Host
from tongxin.events.terms import Admission, Kind, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store

WEEK = timedelta(weeks=1)
LONGEST = 24 * 60 * 14  # minutes

# What each date of a series starts from, and what it is when nobody says: the closed list of `Series.defaults`.
EACH: dict[str, Any] = {
    "places": 0,
    "allotments": [],  # {"audience", "size", "release_hours"}: hours before the start
    "summary": "",
    "place": "",
    "online_url": "",
    "admission": "first_come",
    "party_most": 1,
    "questions": [],
    "fee_fen": 0,
    "voucher_fen": 0,
    "voucher_days": 30,
    "details": {},
    "resources": [],  # public ids of the store's things
    "opens_hours": 0,  # registration opens this long before the start; 0: as soon as it is published
    "closes_hours": 0,  # and closes this long before; 0: with the start
    "kit": "",
    "community": None,
    "simulated": False,
}


@dataclass(frozen=True)
class SeriesIn:
    """What a series is opened with. `each` is what every date starts from (keys of `EACH`); `places` counts all seats."""

    title: str
    format: str
    rule: str
    starts_on: date
    start_time: time
    minutes: int
    places: int
    kind: Kind = Kind.RITUAL
    until: date | None = None
    holidays: Holidays = Holidays.SKIP
    themes: tuple[str, ...] = ()
    hosts: tuple[Host, ...] = ()
    each: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """A series and its first rows: what fell out and why, and what was already taken by something else."""

    series: Series
    occurrences: tuple[Occurrence, ...]
    left_out: tuple[Turn, ...]
    clashes: tuple[Taken, ...]


def subject_of(series: Series) -> tuple[str, str, str]:
    """What the trail calls a series."""
    return ("events", "series", str(series.public_id))


def horizon(today: date) -> date:
    """How far ahead dates stand as rows: whole weeks, so that the nightly job has something to do once a week."""
    return clock.week_start(today) + recurrence.HORIZON + WEEK


def open_series(*, viewer: Viewer, store: Store, series: SeriesIn, firm_only: bool = True) -> Opened:
    """A new series with its dates of the coming half year as drafts.

    Refuses `absent` out of reach, `events.rule` (also for a rule without any date), `events.times`, `events.no_places`,
    `events.format`, `input.bad`, and `events.clash` unless clashes may stand in the calendar (`firm_only` False).
    """
    if not viewer.reaches(store.pk, queries.ORGANISERS):
        raise Refused("absent")
    rule = recurrence.parse(series.rule)
    each = checked_each({**series.each, "places": series.places})
    check(series.format, series.minutes, each)
    series_rows.check_hosts(store, series.hosts)
    with transaction.atomic():
        made = Series.objects.create(
            store=store,
            kind=series.kind,
            format=series.format,
            title=series.title,
            rule=rule.text(),
            starts_on=series.starts_on,
            until=series.until,
            start_time=series.start_time,
            minutes=series.minutes,
            holidays=Holidays(series.holidays),
            themes=list(series.themes),
            hosts=[{"staff": h.staff, "member": h.member} for h in series.hosts],
            defaults=each,
            made_by=viewer.name,
            made_at=clock.now(),
        )
        last = horizon(clock.business_day(clock.now(), store.zone, store.cutoff_hour))
        turns = turns_of(made, store, last)
        if not turns and not any(recurrence.dates(rule, series.starts_on)):
            raise Refused("events.rule", reason="0")
        rows, clashes = series_rows.lay(made, store, turns, firm_only=firm_only, viewer=viewer)
        Series.objects.filter(pk=made.pk).update(planned_to=last)
        made.planned_to = last
        trail(
            viewer=viewer,
            act="events.series_opened",
            subject=subject_of(made),
            after={"rule": made.rule, "store": store.code, "dates": len(rows), "clashes": len(clashes)},
        )
    return Opened(made, tuple(rows), tuple(t for t in turns if t.day is None), tuple(clashes))


def checked_each(each: Mapping[str, Any]) -> dict[str, Any]:
    """What every date starts from, complete. Refuses `input.bad` for an unknown key or a value of another sort."""
    for name, value in each.items():
        if name not in EACH:
            raise Refused("input.bad", field=str(name)[:24], reason="/".join(EACH))
        usual = EACH[name]
        if usual is not None and (
            isinstance(value, bool) is not isinstance(usual, bool) or not _like(value, usual)
        ):
            raise Refused("input.bad", field=name, reason=type(usual).__name__)
    full = {**EACH, **each}
    for name in ("allotments", "questions", "resources"):
        full[name] = [dict(x) if isinstance(x, Mapping) else str(x) for x in full[name]]
    full["details"] = dict(full["details"])
    return full


def _like(value: Any, usual: Any) -> bool:
    if isinstance(usual, list):
        return isinstance(value, list | tuple)
    if isinstance(usual, dict):
        return isinstance(value, Mapping)
    return isinstance(value, type(usual)) and not (isinstance(value, int) and value < 0)


def check(format_: str, minutes: int, each: Mapping[str, Any]) -> None:
    """Does what every date starts from make an event? Refuses `events.times`, `events.no_places`, `events.format`, `input.bad`."""
    if not 1 <= minutes <= LONGEST:
        raise Refused("events.times")
    kept = sum(int(a.get("size", 0)) for a in each["allotments"])
    if each["places"] < 1 or kept > each["places"]:
        raise Refused("events.no_places")
    known = FORMATS.get(format_)
    if known is None:
        raise Refused("input.bad", field="format", reason="/".join(FORMATS))
    if each["admission"] not in tuple(Admission):
        raise Refused("input.bad", field="admission", reason="/".join(Admission))
    known.check(
        each["details"],
        online=bool(each["online_url"]),
        fee_fen=each["fee_fen"],
        admission=Admission(each["admission"]),
    )


def publish_series(*, viewer: Viewer, series_id: UUID) -> int:
    """Let members see every coming date at once, and those that are added later; answers how many were drafts.

    Doing it again publishes what became a draft meanwhile. Refuses `absent`, `events.state` once the series has ended,
    `commerce.second_person_needed` when it promises more vouchers than one person may.
    """
    with transaction.atomic():
        found = locked(viewer, series_id)
        if found.ended_at is not None:
            raise Refused("events.state")
        drafts = list(
            Occurrence.objects.select_for_update(no_key=True, of=("self",))
            .filter(series=found, state=State.DRAFT, starts_at__gt=clock.now())
            .order_by("id")
        )
        pricing.let_out_all(viewer=viewer, series=found, first=found.made_by, dates=len(drafts))
        kit_links.looked_at(found.defaults.get("kit", ""), *(kit_links.words_of(row) for row in drafts))
        series_rows.publish_rows(drafts)
        kit_links.opened(viewer, drafts)
        if found.published_at is None:
            found.published_at = clock.now()
            found.version += 1
            found.save(update_fields=["published_at", "version"])
        elif not drafts:
            return 0
        trail(
            viewer=viewer,
            act="events.series_changed",
            subject=subject_of(found),
            after={"published": len(drafts)},
        )
        return len(drafts)


def end_series(*, viewer: Viewer, series_id: UUID, reason: str, cancel: bool = True) -> int:
    """No further dates. With `cancel` the coming ones are called off too: everybody is told, fees go back; answers how many.

    Doing it twice changes nothing. Refuses `absent`.
    """
    with transaction.atomic():
        found = locked(viewer, series_id)
        if found.ended_at is not None:
            return 0
        coming = list(
            Occurrence.objects.select_for_update(no_key=True, of=("self",))
            .select_related("store")
            .filter(series=found, state__in=[State.DRAFT, State.PUBLISHED], starts_at__gt=clock.now())
            .order_by("id")
        )
        gone = coming if cancel else []
        calling_off.call_off(viewer=viewer, rows=gone, reason=reason)
        found.ended_at = clock.now()
        found.version += 1
        found.save(update_fields=["ended_at", "version"])
        trail(
            viewer=viewer,
            act="events.series_changed",
            subject=subject_of(found),
            after={"ended": True, "cancelled": len(gone)},
            reason=reason,
        )
        return len(gone)


def skip(*, viewer: Viewer, event_id: UUID, reason: str) -> Occurrence:
    """Leave one date of a series out: it is cancelled, nobody else's theme or host changes, and no job brings it back.

    Refuses `absent`, `events.state` once it is over.
    """
    return publishing.cancel(viewer=viewer, event_id=event_id, reason=reason)


def extend_all(*, viewer: Viewer, batch: int = 500) -> int:
    """Carry every series on to the horizon, each in a transaction of its own; answers how many dates were added. A nightly job.

    What is taken by something else meanwhile becomes a clash in the calendar: nobody is there to be asked.
    """
    added = 0
    today = clock.business_day(clock.now())
    behind = Series.objects.filter(ended_at=None, planned_to__lt=horizon(today) - timedelta(days=1))
    for key in list(behind.order_by("id").values_list("public_id", flat=True)[:batch]):
        added += _extend(viewer, key)
    return added


def _extend(viewer: Viewer, series_id: UUID) -> int:
    with transaction.atomic():
        found = locked(viewer, series_id)
        store = found.store
        last = horizon(clock.business_day(clock.now(), store.zone, store.cutoff_hour))
        done = found.planned_to
        if found.ended_at is not None or (done is not None and done >= last):
            return 0
        turns = [t for t in turns_of(found, store, last) if done is None or t.ruled > done]
        rows, clashes = series_rows.lay(found, store, turns, firm_only=False, viewer=viewer)
        if found.published_at is not None:
            series_rows.publish_rows(rows)
            kit_links.opened(viewer, rows)
        Series.objects.filter(pk=found.pk).update(planned_to=last)
        if rows:
            trail(
                viewer=viewer,
                act="events.series_changed",
                subject=subject_of(found),
                after={"added": len(rows), "clashes": len(clashes)},
            )
        return len(rows)


def locked(viewer: Viewer, series_id: UUID) -> Series:
    """A series in reach, locked. Refuses `absent`."""
    found = access_series(viewer, series_id, Verb.CHANGE)
    return (
        Series.objects.select_for_update(no_key=True, of=("self",)).select_related("store").get(pk=found.pk)
    )


def hosts_of(raw: Sequence[Mapping[str, Any]]) -> tuple[Host, ...]:
    """The rota as it stands in a series."""
    return tuple(Host(staff=one.get("staff"), member=one.get("member")) for one in raw)
