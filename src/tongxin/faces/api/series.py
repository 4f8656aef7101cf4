"""`/series`: what comes again and again; passes over several dates; calendars as feeds."""

import uuid
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.events import actions, ical
from tongxin.events.queries import series as series_queries
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.terms import Kind
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Reason, Short
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation.access import Verb
from tongxin.stores import queries as stores

router = Router(tags=["series"])

Stage = Literal["draft", "published", "cancelled", "ended"]
Rule = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=5, max_length=200, pattern=r"^[A-Z0-9=;,:+-]+$")
]
Minutes = Annotated[int, Field(strict=True, ge=10, le=24 * 60)]
Places = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Theme = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PLAIN)]


class Series(Out):
    """A series; `rule` is an RRULE (RFC 5545) in the store's own time."""

    id: uuid.UUID
    title: str
    kind: Kind
    format: str
    rule: str
    starts_on: date
    until: date | None
    start_time: time
    minutes: int
    holidays: Holidays
    themes: list[str]
    version: int


class NewSeries(In):
    """`holidays` says what becomes of a date on a public holiday; `themes` take turns."""

    store: uuid.UUID
    title: Short
    format: Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z_]+$")]
    kind: Kind = Kind.RITUAL
    rule: Rule
    starts_on: date
    until: date | None = None
    start_time: time
    minutes: Minutes
    places: Places
    holidays: Holidays = Holidays.SKIP
    themes: Annotated[list[Theme], Field(max_length=60)] = []


class Opened(Series):
    """A new series with its first dates, which are drafts until the series is published."""

    events: list[uuid.UUID]
    left_out: list[date]


def _shown(found: Any) -> dict[str, Any]:
    names = [name for name in Series.model_fields if name != "id"]
    return {"id": found.public_id, **{name: getattr(found, name) for name in names}}


class SeriesLine(Series):
    ahead: int
    next_at: datetime | None


class Lines(Out):
    items: list[SeriesLine]


@router.get(
    "/stores/{uuid:store_id}/series", url_name="store.series", operation_id="series.list", response=Lines
)
def list_series(request: Asked, store_id: uuid.UUID) -> Lines:
    """The series of a store, with how many dates are ahead."""
    store = stores.access_store(request.viewer, store_id)
    return Lines(
        items=[
            SeriesLine(**_shown(one.series), ahead=one.ahead, next_at=one.next_at)
            for one in series_queries.series_for(request.viewer, store)
        ]
    )


@router.post("/series", url_name="series", operation_id="series.open", response={201: Opened})
@write(201)
def open_series(request: Asked, body: NewSeries) -> Opened:
    """A new series: every date is a row from the start."""
    store = stores.access_store(request.viewer, body.store)
    given = body.model_dump(exclude={"store", "themes"})
    made = actions.open_series(
        viewer=request.viewer, store=store, series=actions.SeriesIn(**given, themes=tuple(body.themes))
    )
    return Opened(
        **_shown(made.series),
        events=[one.public_id for one in made.occurrences],
        left_out=[turn.ruled for turn in made.left_out],
    )


class Edit(In):
    """What changes from now on, or from `from_event` on: then the series is split there."""

    from_event: uuid.UUID | None = None
    title: Short | None = None
    rule: Rule | None = None
    until: date | None = None
    holidays: Holidays | None = None
    start_time: time | None = None
    minutes: Minutes | None = None
    places: Places | None = None
    themes: Annotated[list[Theme], Field(max_length=60)] | None = None


class Edited(Out):
    """What became of each date; `kept` ones were changed by hand before and are left alone."""

    series: Series
    changed: list[uuid.UUID]
    moved: list[uuid.UUID]
    cancelled: list[uuid.UUID]
    added: list[uuid.UUID]
    kept: list[uuid.UUID]


@router.patch(
    "/series/{uuid:series_id}", url_name="one_series", operation_id="series.change", response=Edited
)
@write(matching=True)
def change_series(request: Asked, series_id: uuid.UUID, body: Edit) -> Edited:
    """Change all dates ahead, or this and following. What is past never moves. `If-Match` names the version that was read."""
    edits = body.model_dump(exclude_unset=True, exclude={"from_event"})
    done = actions.change_series(
        viewer=request.viewer,
        series_id=series_id,
        version=matched(request),
        from_event=body.from_event,
        **edits,
    )
    lists = {name: list(getattr(done, name)) for name in ("changed", "moved", "cancelled", "added", "kept")}
    return Edited(series=Series(**_shown(done.series)), **lists)


class Count(Out):
    events: int


@router.post(
    "/series/{uuid:series_id}/publish",
    url_name="series.publish",
    operation_id="series.publish",
    response=Count,
)
@write()
def publish_series(request: Asked, series_id: uuid.UUID) -> Count:
    """Publish all dates ahead at once."""
    return Count(events=actions.publish_series(viewer=request.viewer, series_id=series_id))


class EndWhy(In):
    reason: Reason


@router.post("/series/{uuid:series_id}/end", url_name="series.end", operation_id="series.end", response=Count)
@write()
def end_series(request: Asked, series_id: uuid.UUID, body: EndWhy) -> Count:
    """No more dates; those ahead are cancelled and everybody is told."""
    return Count(events=actions.end_series(viewer=request.viewer, series_id=series_id, reason=body.reason))


class DateLine(Out):
    id: uuid.UUID
    title: str
    theme: str
    state: Stage
    starts_at: datetime
    ends_at: datetime
    size: int
    taken: int
    drifted: bool


class Dates(Out):
    items: list[DateLine]
    cursor: str | None


@router.get(
    "/series/{uuid:series_id}/dates", url_name="series.dates", operation_id="series.dates", response=Dates
)
def list_dates(
    request: Asked, series_id: uuid.UUID, limit: Limit = 50, cursor: Cursor | None = None
) -> Dates:
    """The dates ahead with their places; `drifted` ones differ from the series by hand."""
    series_queries.access_series(request.viewer, series_id, Verb.READ)
    page = series_queries.dates_of(request.viewer, series_id, limit=limit, cursor=cursor)
    names = ("title", "theme", "state", "starts_at", "ends_at")
    items = [
        DateLine(
            id=one.occurrence.public_id,
            **{name: getattr(one.occurrence, name) for name in names},
            size=one.size,
            taken=one.taken,
            drifted=one.drifted,
        )
        for one in page.items
    ]
    return Dates(items=items, cursor=page.cursor)


class TakePass(In):
    """All dates ahead, or the named ones: all of them or none."""

    events: Annotated[list[uuid.UUID], Field(min_length=1, max_length=60)] | None = None


class Pass(Out):
    id: uuid.UUID
    taken_at: datetime


@router.post(
    "/series/{uuid:series_id}/passes",
    url_name="series.passes",
    operation_id="passes.take",
    response={201: Pass},
)
@write(201)
def take_pass(request: Asked, series_id: uuid.UUID, body: TakePass) -> Pass:
    """Take several dates in one act."""
    made = actions.take_pass(viewer=request.viewer, series_id=series_id, events=body.events, channel="api")
    return Pass(id=made.public_id, taken_at=made.taken_at)


@router.delete("/passes/{uuid:pass_id}", url_name="pass", operation_id="passes.give_back", response=Count)
@write()
def give_back(request: Asked, pass_id: uuid.UUID) -> Count:
    """Give the dates that are still ahead back."""
    return Count(events=actions.give_back_pass(viewer=request.viewer, pass_id=pass_id))


# ---- calendars


class Address(Out):
    """Where a calendar program finds the feed. Whoever has it can read it; a new one makes the old one worthless."""

    path: str


@router.post("/me/calendar", url_name="me.calendar", operation_id="me.calendar", response=Address)
@write()
def my_feed(request: Asked) -> Address:
    """An address for one's own events."""
    return Address(path=f"/calendar/{actions.open_feed(viewer=request.viewer)}.ics")


@router.delete("/me/calendar", url_name="me.calendar", operation_id="me.calendar.end", response=Done)
@write()
def end_my_feed(request: Asked) -> Done:
    """The address works no more."""
    actions.revoke_feed(viewer=request.viewer)
    return Done()


@router.post(
    "/stores/{uuid:store_id}/calendar",
    url_name="store.calendar",
    operation_id="stores.calendar",
    response=Address,
)
@write()
def store_feed(request: Asked, store_id: uuid.UUID) -> Address:
    """An address for the published events of a store."""
    return Address(path=f"/calendar/{actions.open_feed(viewer=request.viewer, store_id=store_id)}.ics")


@router.get("/events/{uuid:event_id}/calendar", url_name="event.calendar", operation_id="events.calendar")
def event_calendar(request: Asked, event_id: uuid.UUID) -> HttpResponse:
    """One event as an iCalendar file: a stable UID, SEQUENCE, and STATUS:CANCELLED once it is off."""
    return HttpResponse(
        ical.event_calendar(request.viewer, event_id), content_type="text/calendar; charset=utf-8"
    )
