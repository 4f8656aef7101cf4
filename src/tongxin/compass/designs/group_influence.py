"""Influence functions of group-time effects, kept as short as the question allows.

Without covariates a member's influence is linear in its outcomes with coefficients that are the same for its whole
cohort, so a covariance over members is a covariance over cells. With covariates one row a member is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tongxin.compass.designs.group_cells import GroupCells


class Influence(Protocol):
    """What aggregation and inference need of k figures: combine them, and tell their covariance."""

    def combined(self, linear: np.ndarray, by_group: np.ndarray) -> Influence:
        """Return the influence of `linear` (m, k) times the figures plus a constant a cohort, shape (groups, m)."""
        ...

    def covariance(self) -> np.ndarray:
        """Covariance of the figures, shape (k, k)."""
        ...


@dataclass(frozen=True)
class CellInfluence:
    """ψ_i = constant[cohort of i] + slope[cohort of i]·(Y_i − mean of the cohort).

    Attributes
    ----------
    cells : GroupCells
    constant : float array, shape (groups, k)
    slope : float array, shape (groups, T, k)
    """

    cells: GroupCells
    constant: np.ndarray
    slope: np.ndarray

    def combined(self, linear: np.ndarray, by_group: np.ndarray) -> CellInfluence:
        """Return the influence of linear combinations plus constants a cohort."""
        return CellInfluence(self.cells, self.constant @ linear.T + by_group, self.slope @ linear.T)

    def covariance(self) -> np.ndarray:
        """Σψψ'/n² from n, means and cross-products; by cluster when the cells carry one."""
        cells, size = self.cells, self.cells.size
        if cells.cluster_total is None or cells.cluster_n is None:
            spread = np.einsum("gsk,gst,gtl->kl", self.slope, cells.cross, self.slope, optimize=True)
            spread = spread + (self.constant * cells.n[:, None]).T @ self.constant
            return np.asarray(spread) / size**2
        sums = np.einsum("gct,gtk->ck", cells.cluster_total, self.slope, optimize=True)
        sums = sums + cells.cluster_n.T @ self.constant
        there = int((cells.cluster_n.sum(axis=0) > 0).sum())
        return np.asarray(sums.T @ sums) / size**2 * there / max(1, there - 1)


@dataclass(frozen=True)
class MemberInfluence:
    """One row a member.

    Attributes
    ----------
    psi : float array, shape (n, k)
    group : int64 array, shape (n,)
        Place of each member's cohort.
    cluster : int64 array, shape (n,), or None
    """

    psi: np.ndarray
    group: np.ndarray
    cluster: np.ndarray | None = None

    def combined(self, linear: np.ndarray, by_group: np.ndarray) -> MemberInfluence:
        """Return the influence of linear combinations plus constants a cohort."""
        return MemberInfluence(self.psi @ linear.T + by_group[self.group], self.group, self.cluster)

    def covariance(self) -> np.ndarray:
        """Σψψ'/n², summed by cluster first when there are clusters."""
        size = len(self.psi)
        if self.cluster is None:
            return np.asarray(self.psi.T @ self.psi) / size**2
        _, place = np.unique(self.cluster, return_inverse=True)
        sums = np.stack([np.bincount(place, weights=column) for column in self.psi.T], axis=1)
        there = len(sums)
        return np.asarray(sums.T @ sums) / size**2 * there / max(1, there - 1)


def band(covariance: np.ndarray, *, level: float, draws: int, rng: np.random.Generator) -> float:
    """Critical value of a band that holds for all figures at once.

    Multiplier bootstrap with standard normal multipliers; given the data their weighted sums are exactly normal with
    the estimated covariance, so they are drawn from it and cost nothing a member.
    """
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    good = spread > 0
    if not good.any() or draws < 1:
        return float("nan")
    scaled = (covariance / np.where(good, spread, 1.0) / np.where(good, spread, 1.0)[:, None])[good][:, good]
    values, vectors = np.linalg.eigh(scaled)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    sup = np.abs(rng.standard_normal((draws, len(scaled))) @ root.T).max(axis=1)
    return float(np.quantile(sup, level))
