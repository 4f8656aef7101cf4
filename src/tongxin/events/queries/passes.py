"""Passes: the dates one can still take, and one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.events.models import Occurrence, Pass, Registration, Series
from tongxin.events.queries.access import ORGANISERS
from tongxin.events.queries.series import DateLine, places_of, published_ahead
from tongxin.events.terms import LIVE, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people


@dataclass(frozen=True)
class PassLine:
    """A pass: of which series, how many dates it still holds, when the next one is."""

    public_id: UUID
    title: str
    taken_at: datetime
    given_back: bool
    left: int
    next_at: datetime | None


@dataclass(frozen=True)
class PassOffer:
    """A series as a course: its dates that can still be taken, and what they cost together."""

    series: UUID
    title: str
    dates: tuple[DateLine, ...]
    fee_fen: int


def entries_of(person: int) -> list[int]:
    """All entries of one person, merged ones too."""
    return people.cluster(person)


def open_dates(
    viewer: Viewer, series_id: UUID, events: Sequence[UUID] | None
) -> tuple[Series, list[Occurrence]]:
    """A series and those of its dates that can still be joined; with `events` exactly these.

    Refuses `absent` for a series without any public date (unless it is in reach), and for a date that is not one of them.
    """
    found = Series.objects.select_related("store").filter(public_id=series_id).first()
    if found is None:
        raise Refused("absent")
    dates = published_ahead(found)
    seen = dates or Occurrence.objects.filter(series=found).exclude(state=State.DRAFT).exists()
    if not seen and not viewer.reaches(found.store_id, ORGANISERS):
        raise Refused("absent")
    if events is None:
        return found, dates
    wanted = set(events)
    chosen = [one for one in dates if one.public_id in wanted]
    if len(chosen) != len(wanted):
        raise Refused("absent")
    return found, chosen


def pass_offer(viewer: Viewer, series_id: UUID) -> PassOffer:
    """What a pass of a series would hold now, with what is left of each date. Refuses `absent` as `open_dates`."""
    series, dates = open_dates(viewer, series_id, None)
    places = places_of([one.pk for one in dates])
    return PassOffer(
        series.public_id,
        series.title,
        tuple(DateLine(one, *places.get(one.pk, (0, 0, 0)), drifted=one.detached) for one in dates),
        sum(one.fee_fen for one in dates),
    )


def access_pass(viewer: Viewer, pass_id: UUID) -> Pass:
    """One's own pass, or one of a series in reach. Refuses `absent`."""
    found = Pass.objects.select_related("series", "person").filter(public_id=pass_id).first()
    if found is None:
        raise Refused("absent")
    own = viewer.person is not None and viewer.person == (found.person.survivor_id or found.person_id)
    if not own and not viewer.reaches(found.series.store_id, ORGANISERS):
        raise Refused("absent")
    return found


def my_passes(viewer: Viewer) -> list[PassLine]:
    """The asking member's passes, newest first: two statements."""
    if viewer.person is None:
        return []
    rows = list(
        Pass.objects.filter(person__in=entries_of(viewer.person)).select_related("series").order_by("-id")
    )
    ahead: dict[int, list[datetime]] = {row.pk: [] for row in rows}
    held = Registration.objects.filter(
        taken_pass__in=ahead, state__in=LIVE, occurrence__starts_at__gt=clock.now()
    ).order_by("occurrence__starts_at")
    for key, at in held.values_list("taken_pass", "occurrence__starts_at"):
        ahead[key].append(at)
    return [
        PassLine(
            row.public_id,
            row.series.title,
            row.taken_at,
            row.given_back_at is not None,
            len(ahead[row.pk]),
            ahead[row.pk][0] if ahead[row.pk] else None,
        )
        for row in rows
    ]
