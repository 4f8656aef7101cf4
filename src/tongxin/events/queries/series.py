"""Reading series: one in reach, those of a store, its dates with their places, and a look before anything is made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from tongxin.events.free_days import days_for
from tongxin.events.models import Occurrence, Pool, Series
from tongxin.events.queries.access import ORGANISERS, READERS, WRITES
from tongxin.events.rules import recurrence
from tongxin.events.rules.recurrence import Clock, Holidays, Turn
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.stores.models import Store


@dataclass(frozen=True)
class SeriesLine:
    """A series in a list: its rule in words, what is ahead, what comes next."""

    series: Series
    rule_zh: str
    rule_en: str
    ahead: int
    detached: int
    next_at: datetime | None


@dataclass(frozen=True)
class DateLine:
    """One date of a series with its places; `drifted` names what somebody changed by hand."""

    occurrence: Occurrence
    size: int
    taken: int
    held: int
    drifted: bool

    @property
    def left(self) -> int:
        """Seats that nobody has or is offered."""
        return max(0, self.size - self.taken - self.held)


@dataclass(frozen=True)
class Preview:
    """What a rule comes to before it is kept: the dates, those that fall out and why, those whose holidays nobody knows yet."""

    dates: tuple[datetime, ...]
    days: tuple[date, ...]
    moved: tuple[Turn, ...]
    left_out: tuple[Turn, ...]
    unannounced: tuple[date, ...] = field(default=())


def access_series(viewer: Viewer, series_id: UUID, verb: Verb = Verb.READ) -> Series:
    """A series in reach. Refuses `absent`."""
    found = Series.objects.select_related("store").filter(public_id=series_id).first()
    if found is None or not viewer.reaches(found.store_id, ORGANISERS if verb in WRITES else READERS):
        raise Refused("absent")
    return found


def series_of(viewer: Viewer, event: Occurrence) -> Series:
    """The series of an occurrence in reach. Refuses `absent` for one that stands alone."""
    found = Series.objects.select_related("store").filter(pk=event.series_id or 0).first()
    if found is None or not viewer.reaches(found.store_id, READERS):
        raise Refused("absent")
    return found


def clock_of(series: Series, store: Store) -> Clock:
    """How the store of a series tells its time."""
    return Clock(store.zone, store.cutoff_hour, series.start_time, series.minutes)


def turns_of(series: Series, store: Store, last: date) -> list[Turn]:
    """The dates of a series up to a day, holidays looked up."""
    return recurrence.turns(
        recurrence.parse(series.rule),
        series.starts_on,
        days_for(store.zone, range(series.starts_on.year, last.year + 1)),
        Holidays(series.holidays),
        last=last,
        until=series.until,
        first_turn=series.rotation,
    )


def preview(
    viewer: Viewer,
    store: Store,
    *,
    rule: str,
    starts_on: date,
    hours: Clock,
    holidays: Holidays = Holidays.SKIP,
    until: date | None = None,
    last: date | None = None,
) -> Preview:
    """What a rule would come to at a store. Refuses `absent` out of reach, `events.rule`."""
    if not viewer.reaches(store.pk, READERS):
        raise Refused("absent")
    end = last or starts_on + recurrence.HORIZON
    days = days_for(store.zone, range(starts_on.year, end.year + 1))
    found = recurrence.turns(recurrence.parse(rule), starts_on, days, holidays, last=end, until=until)
    kept = [turn for turn in found if turn.day is not None]
    return Preview(
        dates=tuple(hours.begins(turn.day) for turn in kept if turn.day is not None),
        days=tuple(turn.day for turn in kept if turn.day is not None),
        moved=tuple(turn for turn in kept if turn.day != turn.ruled),
        left_out=tuple(turn for turn in found if turn.day is None),
        unannounced=tuple(recurrence.unannounced(days, found)) if days.holidays else (),
    )


def series_for(viewer: Viewer, store: Store) -> list[SeriesLine]:
    """The series of a store that still go on, newest first. Refuses `absent` out of reach."""
    if not viewer.reaches(store.pk, READERS):
        raise Refused("absent")
    rows = list(Series.objects.filter(store=store, ended_at=None).order_by("-id"))
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, [[row.pk for row in rows], clock.now()])
        counted = {key: tuple(rest) for key, *rest in cursor.fetchall()}
    return [_line(row, counted.get(row.pk, (0, 0, None))) for row in rows]


_AHEAD = """
SELECT series_id, count(*), count(*) FILTER (WHERE detached), min(starts_at) FROM events_occurrence
WHERE series_id = ANY(%s) AND starts_at > %s AND state IN ('draft', 'published') GROUP BY series_id
"""


def _line(row: Series, counts: tuple[int, int, datetime | None]) -> SeriesLine:
    zh, en = recurrence.spoken(recurrence.parse(row.rule))
    return SeriesLine(row, zh, en, *counts)


def dates_of(
    viewer: Viewer, series_id: UUID, *, limit: int = 50, cursor: str | None = None, past: bool = False
) -> Page[DateLine]:
    """The dates of a series in order, a page at a time, with their places. Refuses `absent`, `input.bad`."""
    found = access_series(viewer, series_id)
    rows = Occurrence.objects.filter(series=found)
    if not past:
        rows = rows.filter(starts_at__gt=clock.now())
    shown: Page[Occurrence] = page(rows, by=("starts_at", "id"), limit=limit, cursor=cursor)
    places = places_of([row.pk for row in shown.items])
    return Page(
        tuple(DateLine(row, *places.get(row.pk, (0, 0, 0)), drifted=row.detached) for row in shown.items),
        shown.cursor,
    )


def places_of(occurrences: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Size, taken and held of occurrences, all their pools together: one statement."""
    found: dict[int, tuple[int, int, int]] = {}
    for key, *counts in Pool.objects.filter(occurrence__in=occurrences).values_list(
        "occurrence", "size", "taken", "held"
    ):
        before = found.get(key, (0, 0, 0))
        found[key] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
    return found


def published_ahead(series: Series) -> list[Occurrence]:
    """What of a series members can still join, in order."""
    return list(
        Occurrence.objects.filter(series=series, state=State.PUBLISHED, starts_at__gt=clock.now())
        .select_related("store")
        .order_by("starts_at", "id")
    )
