"""From pages to the numbers that the gates read, a place for each person: every number is a whole number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from math import exp, floor, log

import numpy as np

from tongxin.people.facts import DEEDS
from tongxin.rings.bulk.pages import BITS, CODES, VIOLATION, Page
from tongxin.rings.rules import PolicyBody
from tongxin.rings.rules.traces import CHECKED_IN, UNIT


@dataclass(frozen=True)
class Who:
    """Everybody who may be placed: `ids` in rising order, who works here, entries behind a survivor, and devices (person, number)."""

    ids: np.ndarray
    staff: np.ndarray
    entries: np.ndarray
    roots: np.ndarray
    owners: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    devices: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @cached_property
    def where(self) -> np.ndarray:
        """The place of each number; the last stands for every number beyond, and for nobody."""
        top = int(max(self.ids.max(initial=0), self.entries.max(initial=0)))
        where = np.full(top + 2, -1, dtype=np.int32)
        where[self.ids] = np.where(self.staff, -1, np.arange(len(self.ids)))
        where[self.entries] = where[np.minimum(self.roots, top + 1)]
        return where

    def places(self, persons: np.ndarray) -> np.ndarray:
        """The place of each person, of an entry that of its survivor; -1 for nobody and for who works here."""
        return np.take(self.where, persons, mode="clip")


@dataclass
class Numbers:
    """The numbers of everybody; `contribution` in billionths."""

    checkins: np.ndarray
    days_56: np.ndarray
    weeks_56: np.ndarray
    days_91: np.ndarray
    weeks_91: np.ndarray
    contribution: np.ndarray
    verified: np.ndarray
    verified_kinds: np.ndarray
    recognised_by: np.ndarray
    recognised_days: np.ndarray
    violations: np.ndarray

    @classmethod
    def of(cls, people: int) -> Numbers:
        """Nothing is known of anybody."""
        return cls(*(np.zeros(people, dtype=np.int64) for _ in cls.__dataclass_fields__))


def numbers(pages: Iterable[tuple[int, Page]], who: Who, policy: PolicyBody, today: int) -> Numbers:
    """The numbers on day `today` from its pages and those before it, in rising order of days."""
    found, people = Numbers.of(len(who.ids)), len(who.ids)
    merged = np.zeros(people, dtype=bool)
    survivors = who.places(who.roots)
    merged[survivors[survivors >= 0]] = True
    rhythm = _Presence(people, today, policy.windows.rhythm)
    presence = _Presence(people, today, policy.windows.presence)
    kinds = np.zeros(people, dtype=np.int64)
    worth, heard = _Worth(policy), []
    for day, page in pages:
        age = today - day
        if not 0 <= age < policy.look_back:
            continue
        place, what, n, sure = _own(page, who.where, merged)
        kind, weight = what >> BITS, what & ((1 << BITS) - 1)
        active = weight > 0
        np.add.at(found.contribution, place, worth.of(kind, weight, n, age))
        there = place[active]
        rhythm.on(day, there)
        presence.on(day, there)
        if age < policy.windows.presence:
            came = active & (kind == CODES[CHECKED_IN])
            np.add.at(found.checkins, place[came], n[came])
        if age < policy.windows.verified:
            proved = (sure > 0) & (weight >= policy.inner.verified_weight)
            np.add.at(found.verified, place[proved], sure[proved])
            np.bitwise_or.at(kinds, place[proved], np.int64(1) << kind[proved])
        if age < policy.windows.violations:
            broke = ~active & (kind == VIOLATION)
            np.add.at(found.violations, place[broke], n[broke])
        if age < policy.windows.recognition:
            heard.append(_honours(page, who.where, merged))
    found.days_56, found.weeks_56 = rhythm.counts()
    found.days_91, found.weeks_91 = presence.counts()
    found.verified_kinds = np.bitwise_count(kinds).astype(np.int64)
    _recognised(found, heard, who)
    return found


class _Worth:
    """What deeds of one kind on one day are worth, in billionths: the rule's own numbers, looked up."""

    def __init__(self, policy: PolicyBody) -> None:
        caps = [policy.counting.caps.get(deed.code, deed.daily_cap) for deed in DEEDS]
        self.most = max(floor(exp(cap - 1.0)) + 2 for cap in caps)
        self.factor = np.array(
            [[0.0] + [min(1.0 + log(n), cap) for n in range(1, self.most + 1)] for cap in caps]
        )

    def of(self, kind: np.ndarray, weight: np.ndarray, n: np.ndarray, age: int) -> np.ndarray:
        """Of each row, on a day that is `age` days ago."""
        decay = np.array([2.0 ** (-age / deed.half_life_days) for deed in DEEDS])
        worth = weight * self.factor[kind, np.minimum(n, self.most)] * decay[kind]
        return np.floor(worth * UNIT + 0.5).astype(np.int64)


class _Presence:
    """Distinct days, and distinct weeks from Monday, of a window that ends today. Days come in rising order."""

    def __init__(self, people: int, today: int, window: int) -> None:
        self.first, self.today = today - window + 1, today
        self.days = np.zeros(people, dtype=np.int64)
        self.weeks = np.zeros(people, dtype=np.int64)
        self.week, self.there = -1, np.zeros(people, dtype=bool)

    def on(self, day: int, place: np.ndarray) -> None:
        """These were there on a day."""
        if not self.first <= day <= self.today:
            return
        if (day - 1) // 7 != self.week:
            self.weeks += self.there
            self.week, self.there = (day - 1) // 7, np.zeros_like(self.there)
        here = np.zeros_like(self.there)
        here[place] = True
        self.days += here
        self.there |= here

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """How many days and how many weeks."""
        return self.days, self.weeks + self.there


def _own(page: Page, where: np.ndarray, merged: np.ndarray) -> tuple[np.ndarray, ...]:
    """Places, what, how often, how often verified; the entries of one person together."""
    place = np.take(where, page.person, mode="clip").astype(np.int64)
    here = place >= 0
    place, what = place[here], page.what[here].astype(np.int64)
    n, sure = page.n[here].astype(np.int64), page.sure[here].astype(np.int64)
    if merged[place].any() or (n <= 0).any():
        key = place << 16 | what
        key, back = np.unique(key, return_inverse=True)
        counts = [np.zeros(len(key), dtype=np.int64) for _ in range(2)]
        np.add.at(counts[0], back, n)
        np.add.at(counts[1], back, sure)
        keep = counts[0] > 0
        place, what, n, sure = key[keep] >> 16, key[keep] & 0xFFFF, counts[0][keep], counts[1][keep]
    return place, what, n, sure


def _honours(page: Page, where: np.ndarray, merged: np.ndarray) -> np.ndarray:
    """Pairs of places of one day, whom and by whom, as one number."""
    whom = np.take(where, page.whom, mode="clip").astype(np.int64)
    by = np.take(where, page.by, mode="clip").astype(np.int64)
    here = (whom >= 0) & (by >= 0) & (whom != by)
    pair, times = whom[here] << 32 | by[here], page.times[here].astype(np.int64)
    if (times <= 0).any() or merged[whom[here]].any() or merged[by[here]].any():
        pair, back = np.unique(pair, return_inverse=True)
        total = np.zeros(len(pair), dtype=np.int64)
        np.add.at(total, back, times)
        pair = pair[total > 0]
    return pair


def _recognised(found: Numbers, heard: list[np.ndarray], who: Who) -> None:
    """Distinct people and distinct days; who shares a device with the other is left out."""
    if not heard:
        return
    pairs = np.unique(np.concatenate(heard))
    shared = pairs[_sharing(pairs, who)]
    if len(shared):
        pairs = np.setdiff1d(pairs, shared, assume_unique=True)
    found.recognised_by = np.bincount(pairs >> 32, minlength=len(who.ids)).astype(np.int64)
    for day in heard:
        honoured = np.zeros(len(who.ids), dtype=bool)
        honoured[(day[~np.isin(day, shared)] if len(shared) else day) >> 32] = True
        found.recognised_days += honoured


def _sharing(pairs: np.ndarray, who: Who) -> np.ndarray:
    """Which pairs have used one device: one household, or one person with two cards."""
    answer = np.zeros(len(pairs), dtype=bool)
    owner = who.places(who.owners).astype(np.int64)
    owner, device = owner[owner >= 0], who.devices[owner >= 0]
    if not len(owner) or not len(pairs):
        return answer
    order = np.lexsort((device, owner))
    owner, device = owner[order], device[order]
    begins = np.searchsorted(owner, np.arange(len(who.ids) + 1))
    has = np.diff(begins)
    whom, by = pairs >> 32, pairs & 0xFFFFFFFF
    both = np.flatnonzero((has[whom] > 0) & (has[by] > 0))
    many = has[whom[both]]
    pair = np.repeat(both, many)
    step = np.arange(len(pair)) - np.repeat(np.cumsum(many) - many, many)
    wanted = device[begins[whom[pair]] + step]
    span = int(who.devices.max()) + 1
    answer[pair[np.isin(by[pair] * span + wanted, owner * span + device)]] = True
    return answer
