"""Two arms drawn by lot inside blocks: differences, their design-based variance, and what attendance itself did.

Neyman (1923) inside each block, blocks weighted by their applicants; the variance of the sum is what HC2 gives for the
regression saturated in blocks (Samii & Aronow 2012). The complier effect is Wald's ratio of two such differences
(Imbens & Angrist 1994), its influence function the delta method's. CUPED (Deng et al. 2013) is written as a control
variate on the difference itself, so that it serves ratios as well as means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

#: below this first-stage F a complier effect is not given (Staiger & Stock 1997)
LEAST_F = 10.0
_TINY = 1e-300


@dataclass(frozen=True)
class Trial:
    """Who was drawn.

    Attributes
    ----------
    block : int64 array, shape (n,)
        Draw each row belongs to, 0…B−1; lots are exchangeable inside a block only.
    won : bool array, shape (n,)
    unit : int64 array, shape (n,)
        Person (or group) whose rows are added up before anything is squared.
    rows : int64 array, shape (n,)
        Place of each row in the arrays that were given to `trial`.
    weight : float array, shape (B,)
        Share of each block's applicants.
    """

    block: np.ndarray
    won: np.ndarray
    unit: np.ndarray
    rows: np.ndarray
    weight: np.ndarray

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.block)

    def arm(self, won: bool) -> int:  # noqa: FBT001 - the two arms of one trial
        """Rows in one arm."""
        return int((self.won == won).sum())


def trial(block: np.ndarray, won: np.ndarray, unit: np.ndarray) -> Trial:
    """Keep the blocks with at least two rows in either arm: a block of one tells no variance.

    Parameters
    ----------
    block, unit : int arrays, shape (n,)
    won : bool array, shape (n,)
    """
    codes, place = np.unique(block, return_inverse=True)
    ones = np.bincount(place, weights=won, minlength=len(codes))
    size = np.bincount(place, minlength=len(codes))
    good = (ones >= 2) & (size - ones >= 2)
    rows = np.flatnonzero(good[place]) if len(codes) else np.zeros(0, dtype=np.int64)
    fresh = np.cumsum(good) - 1
    share = size[good] / max(1, size[good].sum())
    return Trial(fresh[place[rows]], won[rows].astype(bool), unit[rows], rows, share)


@dataclass(frozen=True)
class Effect:
    """A difference between winners and losers with its influence rows (their squares add up to the variance).

    `lost` are the influence rows of the losers' level alone.
    """

    value: float
    level_won: float
    level_lost: float
    influence: np.ndarray
    lost: np.ndarray

    @property
    def relative(self) -> float:
        """The difference over the losers' level (nan when that is not positive)."""
        return self.value / self.level_lost if self.level_lost > 0 else float("nan")

    @property
    def relative_influence(self) -> np.ndarray:
        """Delta method: (ψ − r·ψ_lost) / level, shape (n,)."""
        if not self.level_lost > 0:
            return np.full(len(self.influence), np.nan)
        return np.asarray((self.influence - self.relative * self.lost) / self.level_lost)


def difference(given: Trial, top: np.ndarray, bottom: np.ndarray | None = None) -> Effect:
    """Block-weighted difference of means, or of ratios of means when a denominator is given.

    Parameters
    ----------
    given : Trial
    top, bottom : float arrays, shape (n,)
        One value a row of the trial.

    Examples
    --------
    >>> made = trial(np.zeros(4, int), np.array([1, 1, 0, 0], bool), np.arange(4))
    >>> found = difference(made, np.array([3.0, 5.0, 1.0, 1.0]))
    >>> found.value, round(float((found.influence**2).sum()), 9)
    (3.0, 1.0)
    """
    won, f_won = _level(given, top, given.won)
    lost, f_lost = _level(given, top, ~given.won)
    if bottom is not None:
        below_won, g_won = _level(given, bottom, given.won)
        below_lost, g_lost = _level(given, bottom, ~given.won)
        won, f_won = _ratio(won, f_won, below_won, g_won)
        lost, f_lost = _ratio(lost, f_lost, below_lost, g_lost)
    return Effect(won - lost, won, lost, f_won - f_lost, f_lost)


def _level(given: Trial, values: np.ndarray, arm: np.ndarray) -> tuple[float, np.ndarray]:
    blocks = len(given.weight)
    n = np.bincount(given.block, weights=arm, minlength=blocks)
    mean = np.bincount(given.block, weights=values * arm, minlength=blocks) / np.maximum(n, 1)
    scale = given.weight / np.sqrt(np.maximum(n * (n - 1), 1))
    influence = np.where(arm, scale[given.block] * (values - mean[given.block]), 0.0)
    return float(given.weight @ mean), influence


def _ratio(a: float, f_a: np.ndarray, b: float, f_b: np.ndarray) -> tuple[float, np.ndarray]:
    if b <= 0:
        return float("nan"), np.full(len(f_a), np.nan)
    return a / b, (f_a - a / b * f_b) / b


def sums(given: Trial, influence: np.ndarray) -> np.ndarray:
    """Influence added up by unit, shape (units that occur,)."""
    _, place = np.unique(given.unit, return_inverse=True)
    return np.bincount(place, weights=influence)


def standard_error(given: Trial, influence: np.ndarray) -> float:
    """Root of the summed squares; with units in several rows, of their sums with the G/(G−1) correction."""
    added = sums(given, influence)
    groups = len(added)
    correction = groups / max(1, groups - 1) if groups < given.size else 1.0
    return float(np.sqrt(correction * (added**2).sum()))


def cuped(given: Trial, after: Effect, before: Effect) -> tuple[Effect, float]:
    """Take out what chance put between the arms beforehand; return the effect and the share of variance removed.

    Parameters
    ----------
    before : Effect
        The same figure read in a period before the draw. Its expectation is zero by the lot.
    """
    one, two = sums(given, after.influence), sums(given, before.influence)
    spread = float(two @ two)
    if not np.isfinite(one).all() or not np.isfinite(two).all() or spread <= _TINY:
        return after, 0.0
    slope = float(one @ two) / spread
    influence = after.influence - slope * before.influence
    value = after.value - slope * before.value
    removed = 1.0 - float((sums(given, influence) ** 2).sum()) / max(float(one @ one), _TINY)
    return Effect(value, after.level_lost + value, after.level_lost, influence, after.lost), removed


@dataclass(frozen=True)
class Complier:
    """Effect on those who come because they won; `value` is nan where the first stage is too weak."""

    value: float
    se: float
    first_stage: float
    first_stage_se: float
    strength: float

    @property
    def weak(self) -> bool:
        """Whether the first stage is below F = 10."""
        return not self.strength >= LEAST_F


def complier(given: Trial, outcome: Effect, attended: np.ndarray) -> Complier:
    """Wald's ratio: the difference in the outcome over the difference in attendance (2SLS with block weights).

    Parameters
    ----------
    attended : float or bool array, shape (n,)
        Whether the row's person came, whatever the lot said.
    """
    first = difference(given, attended.astype(float))
    spread = standard_error(given, first.influence)
    strength = (first.value / spread) ** 2 if spread > 0 else (np.inf if first.value else 0.0)
    if not strength >= LEAST_F:
        return Complier(float("nan"), float("inf"), first.value, spread, float(strength))
    value = outcome.value / first.value
    influence = (outcome.influence - value * first.influence) / first.value
    return Complier(value, standard_error(given, influence), first.value, spread, float(strength))


def permutation_p(given: Trial, values: np.ndarray, rng: np.random.Generator, draws: int = 999) -> float:
    """Fisher's randomisation p-value of "nobody would have fared differently", by the studentised difference.

    The lots are drawn again `draws` times inside the blocks. Studentised, the test is also valid for "no difference
    on average" in large samples (Wu & Ding 2021).
    """
    if draws < 1 or not np.isfinite(values).all():
        return float("nan")
    blocks = len(given.weight)
    order = np.argsort(given.block, kind="stable")
    value, block = values[order], given.block[order]
    size = np.bincount(block, minlength=blocks)
    ones = np.bincount(given.block, weights=given.won, minlength=blocks).astype(np.int64)
    start = np.cumsum(size) - size
    place = np.arange(given.size) - start[block]
    first = place < ones[block]
    seen = _student(value, block, given.won[order], given.weight)
    beyond = 0
    for _ in range(draws):
        lots = np.lexsort((rng.random(given.size), block))
        beyond += _student(value[lots], block, first, given.weight) >= seen - 1e-12
    return (1 + beyond) / (1 + draws)


def _student(value: np.ndarray, block: np.ndarray, won: np.ndarray, weight: np.ndarray) -> float:
    blocks, total, spread = len(weight), 0.0, 0.0
    for arm, sign in ((won, 1.0), (~won, -1.0)):
        n = np.bincount(block, weights=arm, minlength=blocks)
        mean = np.bincount(block, weights=value * arm, minlength=blocks) / n
        square = np.bincount(block, weights=value**2 * arm, minlength=blocks) / n
        total += sign * float(weight @ mean)
        spread += float(weight**2 @ (np.maximum(square - mean**2, 0.0) / (n - 1)))
    return abs(total) / np.sqrt(spread) if spread > 0 else (np.inf if total else 0.0)


@dataclass(frozen=True)
class DrawBalance:
    """Was the lot fair? Standardised differences of what was known before, and their joint test."""

    smd: np.ndarray
    p: float


def fair(given: Trial, known: np.ndarray) -> DrawBalance:
    """Joint Wald test that winners and losers do not differ in anything known before the draw.

    Parameters
    ----------
    known : float array, shape (n, k)
    """
    found = [difference(given, column) for column in known.T]
    gaps = np.array([one.value for one in found])
    spread = np.array([column.std(ddof=1) for column in known.T])
    smd = np.where(spread > 0, gaps / np.where(spread > 0, spread, 1.0), 0.0)
    rows = np.stack([sums(given, one.influence) for one in found], axis=1)
    covariance = rows.T @ rows
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if rank == 0:
        return DrawBalance(smd, 1.0)
    statistic = float(gaps @ np.linalg.pinv(covariance, hermitian=True) @ gaps)
    return DrawBalance(smd, float(special.chdtrc(rank, statistic)))
