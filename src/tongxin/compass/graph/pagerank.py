"""PageRank by power iteration, on a directed graph or on co-attendance that is never projected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.graph import projection
from tongxin.compass.graph.attendance import Attendance
from tongxin.compass.graph.deeds import Deeds

DAMPING = 0.85
TOLERANCE = 1e-8
MOST = 200


@dataclass(frozen=True)
class PageRank:
    """Shares of attention.

    Attributes
    ----------
    value : float64 array, shape (members,)
        Adds up to 1.
    iterations : int
    residual : float
        Sum of absolute changes in the last step.
    converged : bool
        Whether the residual fell below the tolerance before the iterations ran out.
    """

    value: np.ndarray
    iterations: int
    residual: float
    converged: bool


def of_deeds(
    deeds: Deeds,
    *,
    active: np.ndarray | None = None,
    damping: float = DAMPING,
    tolerance: float = TOLERANCE,
    most: int = MOST,
) -> PageRank:
    """Let attention flow from who replies to whom is replied to (Brin and Page 1998).

    Parameters
    ----------
    active : bool array, shape (members,), optional
        Where a reader starts afresh; by default everybody who did or received something.

    Examples
    --------
    >>> from tongxin.compass.graph import deeds
    >>> star = of_deeds(deeds.build(np.array([1, 2, 3]), np.array([0, 0, 0]), 4))
    >>> int(np.argmax(star.value)), star.converged
    (0, True)
    """
    out = np.add.reduceat(np.append(deeds.matrix.data, 0.0), deeds.matrix.indptr[:-1])
    out[np.diff(deeds.matrix.indptr) == 0] = 0.0
    if active is None:
        active = (out > 0) | (deeds.people > 0)
    back = deeds.matrix.T
    return _iterate(lambda z: back @ z, out, active, damping, tolerance, most)


def of_attendance(
    attendance: Attendance,
    *,
    active: np.ndarray | None = None,
    damping: float = DAMPING,
    tolerance: float = TOLERANCE,
    most: int = MOST,
) -> PageRank:
    """Return PageRank on the Newman-weighted co-attendance graph without ever building it."""
    strength = attendance.strength.astype(np.float64)
    apply = projection.operator(attendance)
    chosen = strength > 0 if active is None else active
    return _iterate(apply.matvec, strength, chosen, damping, tolerance, most)


def _iterate(  # noqa: PLR0917 - the six things of the formula
    apply: Callable[[np.ndarray], np.ndarray],
    out: np.ndarray,
    active: np.ndarray,
    damping: float,
    tolerance: float,
    most: int,
) -> PageRank:
    """Repeat p ← α·A'(p/out) + (1 − α·(p that can flow))·t until the changes add up to less than the tolerance."""
    if not 0 <= damping < 1:
        raise BadInput.one("pagerank.damping", str(damping), ("0 or more and less than 1",))
    if len(active) != len(out):
        raise BadInput.one("pagerank.active", f"{len(active)} values", (f"{len(out)} values",))
    if not active.any():
        return PageRank(np.zeros(len(out)), 0, 0.0, True)
    start = active / active.sum()
    flows = out > 0
    inverse = np.zeros(len(out))
    inverse[flows] = 1.0 / out[flows]
    value, change, step = start, np.inf, 0
    while step < most and change >= tolerance:
        new = damping * apply(value * inverse)
        new += (1.0 - damping * value[flows].sum()) * start
        change = float(np.abs(new - value).sum())
        value, step = new, step + 1
    return PageRank(value / value.sum(), step, change, change < tolerance)
