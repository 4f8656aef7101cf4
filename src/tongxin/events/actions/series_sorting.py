"""What becomes of each row of a series when it is edited: arithmetic on rows that were read, nothing is written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tongxin.events.actions import series_rows
from tongxin.events.models import Occurrence, Series
from tongxin.events.queries.series import clock_of, turns_of
from tongxin.events.rules.recurrence import Turn
from tongxin.events.rules.rota import Host, host_of, theme_of
from tongxin.events.terms import State
from tongxin.foundation import clock

WHEN = frozenset({"rule", "until", "holidays", "start_time", "minutes"})  # these move dates
PLAN = frozenset({"rule", "until", "holidays"})  # these change which dates there are
WHO = frozenset({"themes", "hosts"})
COUNTED = frozenset({"places", "resources"})  # these change every date, though nothing that is told
TOLD = ("summary", "place", "online_url", "party_most", "questions", "details", "community")


@dataclass
class Work:
    """Rows of one edit, sorted by what becomes of them."""

    changed: list[Occurrence] = field(default_factory=list)
    moved: list[Occurrence] = field(default_factory=list)
    kept: list[Occurrence] = field(default_factory=list)
    named: list[Occurrence] = field(default_factory=list)  # only what they are called in the series changes
    vanished: list[Occurrence] = field(default_factory=list)
    hosts: dict[int, int | None] = field(default_factory=dict)
    shifts: dict[int, timedelta] = field(default_factory=dict)
    missing: list[Turn] = field(default_factory=list)


def day_of(series: Series, at: datetime | None) -> date:
    """The business day that a ruled start stands for."""
    store = series.store
    return clock.business_day(at or clock.now(), store.zone, store.cutoff_hour)


def sorted_rows(old: Series, target: Series, ahead: Sequence[Occurrence], edits: Mapping[str, Any]) -> Work:
    """What becomes of each row. The rows carry the change already, unsaved."""
    work = Work()
    store, hours, now = target.store, clock_of(target, target.store), clock.now()
    last = target.planned_to or _end(ahead, target)
    turns = {turn.ruled: turn for turn in turns_of(target, store, last)}
    able = series_rows.able_hosts(store, series_rows.hosts_in(target))
    seen = set()
    for row in ahead:
        day = day_of(old, row.original_start)
        seen.add(day)
        turn = turns.get(day)
        row.series = target
        if WHEN & set(edits):
            row.original_start = hours.begins(day)
        if row.state == State.CANCELLED or row.starts_at <= now:
            work.named.append(row)
        elif row.detached:
            work.kept.append(row)
        elif turn is None or turn.day is None or (WHEN & set(edits) and hours.begins(turn.day) <= now):
            work.vanished.append(row)
        else:
            _changed(work, row, target, turn, edits, able=able)
    if PLAN & set(edits):
        work.missing = [turn for day, turn in turns.items() if day not in seen]
    return work


def _end(ahead: Sequence[Occurrence], target: Series) -> date:
    """The last day that has rows, for a series that has never been carried on."""
    return max((day_of(target, row.original_start) for row in ahead), default=target.starts_on)


def _changed(
    work: Work,
    row: Occurrence,
    target: Series,
    turn: Turn,
    edits: Mapping[str, Any],
    *,
    able: frozenset[Host],
) -> None:
    before = _said(row)
    _placed(work, row, target, turn, edits)
    each = target.defaults
    for name in TOLD:
        if name in edits:
            setattr(row, name, each[name])
    if "title" in edits:
        row.title = target.title
    for name, sign in (("opens_hours", "opens_at"), ("closes_hours", "closes_at")):
        if name in edits:
            setattr(row, sign, row.starts_at - each[name] * series_rows.HOUR if each[name] else None)
    if WHO & set(edits):
        row.theme = theme_of(target.themes, turn.turn)
        host = host_of(series_rows.hosts_in(target), turn.turn, able)
        if row.host_id != host.staff:
            work.hosts[row.pk] = host.staff
        row.host_id, row.member_host_id = host.staff, host.member
    if _said(row) == before and not COUNTED & set(edits):
        work.named.append(row)
        return
    row.version += 1
    row.sequence += 1
    work.changed.append(row)


def _said(row: Occurrence) -> tuple[Any, ...]:
    """What is told of a date: an edit that leaves all of it alone is no change of the date."""
    return (
        row.starts_at, row.ends_at, row.opens_at, row.closes_at, row.title, row.theme, row.host_id, row.member_host_id,
        *(getattr(row, name) for name in TOLD),
    )  # fmt: skip


def _placed(work: Work, row: Occurrence, target: Series, turn: Turn, edits: Mapping[str, Any]) -> None:
    """When and where a date is now; a date that moved is counted, so that nobody registers for what they did not see."""
    shift, moved = timedelta(0), "place" in edits and row.place != target.defaults["place"]
    if WHEN & set(edits) and turn.day is not None:
        hours = clock_of(target, target.store)
        shift, ends = hours.begins(turn.day) - row.starts_at, hours.ends(turn.day)
        moved = moved or bool(shift) or ends != row.ends_at
        row.starts_at, row.ends_at = row.starts_at + shift, ends
        row.opens_at = row.opens_at and row.opens_at + shift
        row.closes_at = row.closes_at and row.closes_at + shift
    if moved:
        row.schedule += 1
        work.moved.append(row)
        work.shifts[row.pk] = shift
