"""The traces of some, with the rows they cite, from the book's copy: the same as `traces_of` finds in the book itself. Job worker only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from tongxin.people.facts import BY_CODE
from tongxin.rings.bulk.pages import HONOURS, KINDS, VIOLATION, Clock, Places, Rows, read
from tongxin.rings.queries.whole import Everybody, find, since_1970
from tongxin.rings.rules import PolicyBody, Recognition, Trace, Traces
from tongxin.rings.rules.traces import SHOWN

_COLUMNS = ("id", "doer", "other", "kind", "day", "at", "weight", "sure")


class _Found:
    """Live rows that speak of the chosen, as columns; `doer` and `other` are places."""

    def __init__(self, parts: list[dict[str, np.ndarray]], gone: list[np.ndarray]) -> None:
        none = [np.zeros(0, dtype=np.int64)]
        columns = {name: np.concatenate([part[name] for part in parts] or none) for name in _COLUMNS}
        live = ~np.isin(columns["id"], np.concatenate(gone or none))
        order = np.lexsort((columns["id"][live], columns["at"][live]))
        self.columns = {name: column[live][order] for name, column in columns.items()}

    def some(self, which: np.ndarray, *names: str) -> list[np.ndarray]:
        """Some of the rows, in order of time, as the named columns."""
        return [self.columns[name][which] for name in names]


def traces_from(
    files: Iterable[Path],
    persons: np.ndarray,
    people: Everybody,
    places: Places,
    *,
    policy: PolicyBody,
    at: datetime,
) -> dict[int, Traces]:
    """What the copy holds of some persons at an instant."""
    place, known = find(people.who.ids, persons)
    chosen = np.zeros(len(people.who.ids) + 1, dtype=bool)
    chosen[place[known]] = True
    found = _rows(files, chosen, people, places, (at - timedelta(days=policy.look_back + 1), at))
    deeds, broken = _deeds(found, chosen), defaultdict(list)
    which = (
        chosen[found.columns["doer"]] & (found.columns["kind"] == VIOLATION) & (found.columns["weight"] <= 0)
    )
    for here, day, key in zip(
        *(column.tolist() for column in found.some(which, "doer", "day", "id")), strict=True
    ):
        broken[here].append((day, key))
    heard = _heard(found, chosen, people)
    return {
        person: Traces(
            deeds=tuple(deeds.get(here, ())),
            recognitions=tuple(heard.get(here, ())),
            violations=tuple(sorted(broken.get(here, ()))),
            consented=bool(people.consented[here]),
            personalise=bool(people.usable[here]),
            staff=bool(people.staff[here]),
        )
        for person, here, there in zip(persons.tolist(), place.tolist(), known.tolist(), strict=True)
        if there
    }


def _rows(
    files: Iterable[Path],
    chosen: np.ndarray,
    people: Everybody,
    places: Places,
    span: tuple[datetime, datetime],
) -> _Found:
    since, until = since_1970(span[0]), since_1970(span[1])
    clock, parts, gone = Clock(places, since, until), [], []
    for file in files:
        rows = read(file)
        doer, other = _placed(rows, people)
        mine = (chosen[doer] | chosen[other]) & (rows.known <= until)
        gone.append(rows.reverses[mine & (rows.reverses >= 0)])
        mine &= (rows.reverses < 0) & (rows.kind >= 0) & (doer >= 0) & (rows.at >= since) & (rows.at <= until)
        rows, doer, other = rows.some(mine), doer[mine], other[mine]
        day = clock.days(rows.at, rows.codes, rows.store)
        columns = (rows.id, doer, other, rows.kind, day, rows.at, rows.weight, rows.sure)
        parts.append(dict(zip(_COLUMNS, columns, strict=True)))
    return _Found(parts, gone)


def _placed(rows: Rows, people: Everybody) -> tuple[np.ndarray, np.ndarray]:
    """The places of doers and counterparts; nobody is their own counterpart."""
    doer = people.who.places(rows.person)
    other = people.who.places(np.maximum(rows.counterpart, 0))
    return doer, np.where(other == doer, -1, other)


def _deeds(found: _Found, chosen: np.ndarray) -> dict[int, list[Trace]]:
    """By place, in the order of kind, day and weight; of each day the newest rows are cited."""
    which = chosen[found.columns["doer"]] & (found.columns["weight"] > 0)
    doer, kind, day, weight, sure, key = found.some(which, "doer", "kind", "day", "weight", "sure", "id")
    rank = np.argsort(np.argsort(np.array(KINDS)))[kind]
    order = np.lexsort((weight, day, rank, doer))
    same = [column[order] for column in (doer, kind, day, weight)]
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in same])
    first = np.flatnonzero(starts)
    bounds = [*first.tolist(), len(order)]
    counted = np.add.reduceat(sure[order].astype(np.int64), first).tolist() if len(order) else []
    ids, made = key[order].tolist(), defaultdict(list)
    heads = [column[first].tolist() for column in same]
    for n, (here, code, when, heavy, verified) in enumerate(zip(*heads, counted, strict=True)):
        begin, end = bounds[n], bounds[n + 1]
        fact, cited = BY_CODE[KINDS[code]], tuple(reversed(ids[max(begin, end - SHOWN) : end]))
        made[here].append(
            Trace(fact.code, when, heavy, fact.half_life_days, fact.daily_cap, end - begin, verified, cited)
        )
    return made


def _heard(found: _Found, chosen: np.ndarray, people: Everybody) -> dict[int, list[Recognition]]:
    """Who honoured the chosen, in order of day; who shares a device with them is left out."""
    columns = found.columns
    side = np.where((columns["other"] >= 0) & (columns["weight"] > 0), HONOURS[columns["kind"]], 0)
    whom = np.where(side == 1, columns["doer"], columns["other"])
    by = np.where(side == 1, columns["other"], columns["doer"])
    which = (side > 0) & chosen[whom]
    devices: dict[int, set[int]] = defaultdict(set)
    owners = people.who.places(people.who.owners)
    for owner, device in zip(owners.tolist(), people.who.devices.tolist(), strict=True):
        devices[owner].add(device)
    ids, none, made = people.who.ids, set[int](), defaultdict(list)
    day, key = found.some(which, "day", "id")
    for here, other, when, row in sorted(
        zip(whom[which].tolist(), by[which].tolist(), day.tolist(), key.tolist(), strict=True)
    ):
        if not devices.get(here, none) & devices.get(other, none):
            made[here].append(Recognition(when, int(ids[other]), row))
    for told in made.values():
        told.sort(key=lambda one: (one.day, one.by, one.id))
    return made
