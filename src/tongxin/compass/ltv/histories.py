"""Buying histories as BG/NBD needs them: repeat purchases, recency, age; equal ones counted instead of repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput


@dataclass(frozen=True)
class Histories:
    """Distinct buying histories and how many members have each.

    Attributes
    ----------
    x : int64 array, shape (k,)
        Repeat purchases (days with a purchase after the first).
    recency, age : float arrays, shape (k,)
        Time of the last purchase and end of observation, both counted from the first purchase, in one unit.
    count : float array, shape (k,)
    of : int64 array, shape (members,)
        Which history each member has, in the order they were given.
    """

    x: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    count: np.ndarray
    of: np.ndarray

    @property
    def members(self) -> int:
        """How many members stand behind the histories."""
        return len(self.of)


def distinct(x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> Histories:
    """Count equal histories together; lossless at the data's own unit of time.

    Parameters
    ----------
    x, recency, age : arrays, shape (members,)
        With 0 ≤ recency ≤ age, age > 0, and recency 0 exactly where x is 0.

    Raises
    ------
    BadInput
        Histories that no customer can have.
    """
    x = np.asarray(x, dtype=np.int64)
    recency, age = np.asarray(recency, dtype=np.float64), np.asarray(age, dtype=np.float64)
    if not len(x):
        raise BadInput.one("histories", "no members", ("at least one",))
    if (age <= 0).any():
        raise BadInput.one("histories.age", f"{int((age <= 0).sum())} members with age 0", ("age > 0",))
    if (recency < 0).any() or (recency > age).any() or ((recency > 0) != (x > 0)).any() or (x < 0).any():
        raise BadInput.one(
            "histories", "recency and repeat purchases do not fit", ("0 <= recency <= age; 0 iff x = 0",)
        )
    keys, parts = np.zeros(len(x), dtype=np.int64), []
    for values in (x, recency, age):
        each, place = _ranks(values)
        if keys.max(initial=0) > (2**62) // max(1, len(each)):
            keys = np.unique(keys, return_inverse=True)[1]
        keys = keys * len(each) + place
        parts.append(each)
    found, of, count = np.unique(keys, return_inverse=True, return_counts=True)
    first = np.empty(len(found), dtype=np.int64)
    first[of] = np.arange(len(x))
    return Histories(x[first], recency[first], age[first], count.astype(np.float64), of)


def _ranks(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values ascending and the place of each value; a table look-up where the values are small whole numbers."""
    whole = values.astype(np.int64)
    top = int(whole.max())
    if top < 1 << 20 and (whole == values).all():
        seen = np.zeros(top + 1, dtype=bool)
        seen[whole] = True
        return np.flatnonzero(seen), (np.cumsum(seen) - 1)[whole]
    each, place = np.unique(values, return_inverse=True)
    return each, place
