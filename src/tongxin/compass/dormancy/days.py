"""Active days of each member: a day counts once, whatever was done on it; reading is being there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput


@dataclass(frozen=True)
class Days:
    """Distinct (member, day) pairs.

    Attributes
    ----------
    who, day : int64 arrays, shape (pairs,)
        Sorted by member, then day (days since 1970-01-01).
    start : int64 array, shape (members + 1,)
        Where each member's days begin; a member without any has none.
    """

    who: np.ndarray
    day: np.ndarray
    start: np.ndarray

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.start) - 1

    @property
    def count(self) -> np.ndarray:
        """Active days of each member; int64, shape (members,)."""
        return np.diff(self.start)

    @property
    def first(self) -> np.ndarray:
        """First active day, −1 without any; int64, shape (members,)."""
        return self._at(self.start[:-1])

    @property
    def last(self) -> np.ndarray:
        """Last active day, −1 without any; int64, shape (members,)."""
        return self._at(self.start[1:] - 1)

    def _at(self, place: np.ndarray) -> np.ndarray:
        out = np.full(self.members, -1, dtype=np.int64)
        some = self.count > 0
        out[some] = self.day[place[some]]
        return out

    def gaps(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (member, days between neighbouring active days); int64 arrays, shape (gaps,)."""
        same = self.who[1:] == self.who[:-1]
        return self.who[1:][same], np.diff(self.day)[same]

    def until(self, day: int) -> Days:
        """Return the days up to and including `day`."""
        keep = self.day <= day
        return _packed(self.who[keep], self.day[keep], self.members)


def build(deeds: Iterable[tuple[np.ndarray, np.ndarray]], members: int) -> Days:
    """Put deeds of any kind together.

    Parameters
    ----------
    deeds : iterable of (member, day) integer arrays
        Purchases, check-ins, posts, and reading: who only reads is there and is not dormant.

    Raises
    ------
    BadInput
        A member number out of range or arrays of unequal length.

    Examples
    --------
    >>> twice = build([(np.array([0, 0]), np.array([3, 3])), (np.array([0]), np.array([10]))], 2)
    >>> twice.count.tolist(), twice.last.tolist()
    ([2, 0], [10, -1])
    """
    who, day = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for member, when in deeds:
        if len(member) != len(when):
            raise BadInput.one("dormancy.deeds", f"{len(member)} members and {len(when)} days")
        if len(member) and (member.min() < 0 or member.max() >= members):
            raise BadInput.one("dormancy.deeds", "a member out of range", (f"0 to {members - 1}",))
        who.append(np.asarray(member, dtype=np.int64))
        day.append(np.asarray(when, dtype=np.int64))
    people, when = np.concatenate(who), np.concatenate(day)
    order = np.lexsort((when, people))
    people, when = people[order], when[order]
    new = (
        np.append(True, (people[1:] != people[:-1]) | (when[1:] != when[:-1])) if len(people) else order == -1
    )
    return _packed(people[new], when[new], members)


def _packed(who: np.ndarray, day: np.ndarray, members: int) -> Days:
    start = np.concatenate(([0], np.cumsum(np.bincount(who, minlength=members)))).astype(np.int64)
    return Days(who, day, start)
