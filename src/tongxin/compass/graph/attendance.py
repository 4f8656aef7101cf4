"""Members × events, kept as it is: an event of n people is n entries here and would be n(n−1)/2 pairs elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tongxin.compass.errors import BadInput

#: an event with more people than this is an audience: presence and reach, but nobody met everybody
LARGEST_MEETING = 60


@dataclass(frozen=True)
class Attendance:
    """The two-mode matrix and what follows from the sizes of the events.

    Attributes
    ----------
    presence : scipy CSR, float64, shape (members, events)
        1 where a member was at an event, whatever its size.
    met : scipy CSR, float64, shape (members, events)
        The same without events of one person and without events above `largest`.
    sizes : int64 array, shape (events,)
        People at each event.
    share : float64 array, shape (events,)
        1/(n−1) for an event whose people met each other, else 0 (Newman 2001).
    largest : int
        The bound that was used.
    """

    presence: sp.csr_array
    met: sp.csr_array
    sizes: np.ndarray
    share: np.ndarray
    largest: int

    @property
    def members(self) -> int:
        """Number of rows."""
        return int(self.presence.shape[0])

    @property
    def strength(self) -> np.ndarray:
        """Sum of a member's tie weights: exactly the number of meetings attended, int64, shape (members,)."""
        return np.diff(self.met.indptr).astype(np.int64)

    @property
    def reach(self) -> np.ndarray:
        """Other people seen, with repetition, at events of every size, int64, shape (members,)."""
        seen = self.presence @ (self.sizes - 1).astype(np.float64)
        return np.rint(seen).astype(np.int64)


def build(
    member: np.ndarray,
    event: np.ndarray,
    members: int,
    events: int,
    *,
    largest: int = LARGEST_MEETING,
) -> Attendance:
    """Make the two-mode matrix of check-ins; a repeated check-in counts once.

    Parameters
    ----------
    member, event : integer arrays, shape (rows,)
        Who was where, as numbers below `members` and `events`, in any order.
    largest : int
        Most people at an event whose people are taken to have met.

    Raises
    ------
    BadInput
        A number out of range, arrays of unequal length, or a bound below 2.

    Examples
    --------
    >>> there = build(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]), 3, 2)
    >>> there.strength.tolist(), there.reach.tolist()
    ([1, 2, 1], [1, 2, 1])
    """
    if len(member) != len(event):
        raise BadInput.one("attendance", f"{len(member)} members and {len(event)} events")
    if largest < 2:
        raise BadInput.one("attendance.largest", str(largest), ("2 or more",))
    for name, column, bound in (("member", member, members), ("event", event, events)):
        if len(column) and (column.min() < 0 or column.max() >= bound):
            raise BadInput.one(f"attendance.{name}", "a number out of range", (f"0 to {bound - 1}",))
    key = np.unique(np.asarray(member, dtype=np.int64) * max(events, 1) + event)
    who, where = key // max(events, 1), key % max(events, 1)
    sizes = np.bincount(where, minlength=events).astype(np.int64)
    meeting = (sizes >= 2) & (sizes <= largest)
    share = np.zeros(events)
    share[meeting] = 1.0 / (sizes[meeting] - 1)
    together = meeting[where]
    return Attendance(
        _matrix(who, where, (members, events)),
        _matrix(who[together], where[together], (members, events)),
        sizes,
        share,
        largest,
    )


def _matrix(who: np.ndarray, where: np.ndarray, shape: tuple[int, int]) -> sp.csr_array:
    """CSR from pairs already sorted by (member, event)."""
    start = np.zeros(shape[0] + 1, dtype=np.int32)
    np.cumsum(np.bincount(who, minlength=shape[0]), out=start[1:])
    return sp.csr_array((np.ones(len(who)), where.astype(np.int32), start), shape=shape)
