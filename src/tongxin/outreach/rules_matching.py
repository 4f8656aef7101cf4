"""Rules of matching: who in the corp is probably which of our colleagues, which department is which store, and what does not fit. Pure.

A suggestion is never more than that: somebody confirms it. Two people of one name are never suggested.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tongxin.outreach.terms_handover import Clash, Hint

One = TypeVar("One")


@dataclass(frozen=True)
class Ours:
    """A colleague in our list."""

    pk: int
    code: str
    name: str
    phone_lookup: str
    userid: str
    active: bool


@dataclass(frozen=True)
class Theirs:
    """Somebody in the corp."""

    userid: str
    name: str
    phone_lookup: str


@dataclass(frozen=True)
class Match:
    """Probably the same, and why."""

    pk: int
    userid: str
    hint: Hint


@dataclass(frozen=True)
class Clashing:
    """What does not fit: a colleague of ours, an account, or both."""

    kind: Clash
    pk: int
    userid: str


def suggest(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> list[Match]:
    """Colleagues without an account, each with the one person of the corp who fits: by number, by code, by a name that is unique."""
    used = {one.userid for one in ours if one.userid}
    free = [one for one in theirs if one.userid not in used]
    todo = [one for one in ours if one.active and not one.userid]
    found: dict[int, Match] = {}
    for hint in Hint:
        keys = {Hint.PHONE: _phones, Hint.CODE: _codes, Hint.NAME: _names}[hint]
        mine, their = keys(todo, free)
        taken = {one.userid for one in found.values()}
        for key, people in mine.items():
            others = [one for one in their.get(key, []) if one.userid not in taken]
            if len(people) == 1 and len(others) == 1 and people[0].pk not in found:
                found[people[0].pk] = Match(people[0].pk, others[0].userid, hint)
    return [found[one.pk] for one in todo if one.pk in found]


_Keys = tuple[dict[str, list[Ours]], dict[str, list[Theirs]]]


def _phones(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> _Keys:
    return _by([(one.phone_lookup, one) for one in ours]), _by([(one.phone_lookup, one) for one in theirs])


def _codes(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> _Keys:
    return _by([(one.code.casefold(), one) for one in ours]), _by(
        [(one.userid.casefold(), one) for one in theirs]
    )


def _names(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> _Keys:
    return _by([(one.name.strip(), one) for one in ours]), _by([(one.name.strip(), one) for one in theirs])


def _by(pairs: Sequence[tuple[str, One]]) -> dict[str, list[One]]:
    found: dict[str, list[One]] = defaultdict(list)
    for key, one in pairs:
        if key:
            found[key].append(one)
    return found


def clashes(ours: Sequence[Ours], theirs: Sequence[Theirs], *, busy: Collection[str] = ()) -> list[Clashing]:
    """What does not fit; `busy` are accounts that still keep customers or groups."""
    here = {one.userid for one in theirs}
    times = Counter(one.userid for one in ours if one.userid and one.active)
    found = []
    for one in ours:
        if not one.userid:
            continue
        if not one.active:
            if one.userid in busy:
                found.append(Clashing(Clash.GONE, one.pk, one.userid))
        elif times[one.userid] > 1:
            found.append(Clashing(Clash.TWICE, one.pk, one.userid))
        elif here and one.userid not in here:
            found.append(Clashing(Clash.UNKNOWN, one.pk, one.userid))
    used = set(times)
    names = Counter(one.name.strip() for one in theirs if one.userid not in used)
    mine = Counter(one.name.strip() for one in ours if one.active and not one.userid)
    sure = {match.pk for match in suggest(ours, theirs)}
    for one in ours:
        key = one.name.strip()
        if (
            one.active
            and not one.userid
            and one.pk not in sure
            and key
            and names[key]
            and names[key] + mine[key] > 2
        ):
            found.append(Clashing(Clash.SAME_NAME, one.pk, ""))
    return found


@dataclass(frozen=True)
class Shop:
    """A store."""

    pk: int
    code: str
    name: str
    department: str


@dataclass(frozen=True)
class Branch:
    """A department."""

    number: int
    name: str


def suggest_stores(shops: Sequence[Shop], branches: Sequence[Branch]) -> dict[int, int]:
    """Stores without a department, each with the one department of the same name (a code in it counts too)."""
    used = {one.department for one in shops if one.department}
    free = [one for one in branches if str(one.number) not in used]
    found: dict[int, int] = {}
    for shop in shops:
        if shop.department:
            continue
        fits = [
            one for one in free if one.name.strip() in {shop.name.strip(), shop.code} and one.name.strip()
        ]
        if len(fits) == 1:
            found[shop.pk] = fits[0].number
    times = Counter(found.values())
    return {pk: number for pk, number in found.items() if times[number] == 1}
