"""One split of a group in two along its weakest seam: the leading eigenvector of modularity (Newman 2006)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from tongxin.compass.errors import BadInput
from tongxin.compass.graph import projection
from tongxin.compass.graph.attendance import Attendance


@dataclass(frozen=True)
class Halves:
    """A split of the members who met anybody.

    Attributes
    ----------
    side : int64 array, shape (members,)
        0 for the side of the first member who met anybody, 1 for the other, −1 for who met nobody.
    modularity : float
        Share of tie weight inside the sides, less what chance would put there (Newman and Girvan 2004).
    """

    side: np.ndarray
    modularity: float


def split(attendance: Attendance) -> Halves:
    """Split by the signs of the leading eigenvector, then move single members while modularity grows.

    Modularity is B z = W z − s(s'z)/2m with W the Newman-weighted co-attendance, applied without building it.

    Raises
    ------
    BadInput
        Fewer than three members met anybody.
    """
    strength = attendance.strength.astype(np.float64)
    tied = np.flatnonzero(strength > 0)
    if len(tied) < 3:
        raise BadInput.one("halves", f"{len(tied)} members met anybody", ("3 or more",))
    n, total = attendance.members, strength.sum()
    weight = projection.operator(attendance)

    def modularity(vector: np.ndarray) -> np.ndarray:
        flat = vector.reshape(-1)
        return weight.matvec(flat) - strength * (strength @ flat) / total

    begin = np.zeros(n)  # a start that depends on nothing but the members' numbers
    begin[tied] = np.cos(np.arange(len(tied)))
    seam = LinearOperator((n, n), matvec=modularity, dtype=np.float64)
    vector = eigsh(seam, k=1, which="LA", v0=begin, tol=1e-12)[1][:, 0]
    sign = np.where(vector >= 0, 1.0, -1.0)
    sign[strength == 0] = 0.0
    sign = _refined(modularity, attendance, sign, strength)
    sign *= sign[tied[0]]
    side = np.where(sign == 0, -1, np.where(sign > 0, 0, 1)).astype(np.int64)
    return Halves(side, float(sign @ modularity(sign) / (2 * total)))


def _refined(
    modularity: object, attendance: Attendance, sign: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Move the member whose move helps most, as long as one helps (the last step of Newman 2006)."""
    assert callable(modularity)
    own = -(strength**2) / strength.sum()
    for _ in range(attendance.members):
        gain = -4 * sign * (modularity(sign) - own * sign)
        best = int(np.argmax(gain))
        if gain[best] <= 1e-9:
            break
        sign = sign.copy()
        sign[best] *= -1
    return sign
