"""Where the rings are going: a monthly transition matrix, a forecast with interval, and which rate is worth moving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tongxin.compass.errors import BadInput

STATES = ("prospect", "outer", "middle", "inner", "dormant", "left")
#: how many members' worth of the chain's own matrix a small store borrows
BORROWED = 20.0
#: newly arrived members that leave this much faster need a state of their own
FASTER = 1.5
PP = 0.02
DRAWS = 1000


@dataclass(frozen=True)
class Forecast:
    """Members by state: `expected` and the interval ends, each of shape (horizon + 1, states); row 0 is today."""

    states: tuple[str, ...]
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float


@dataclass(frozen=True)
class Memory:
    """Does it matter where a member came from? Likelihood-ratio test of order 1 against order 2, and tenure in the ring."""

    g2: float
    df: int
    p_value: float
    leaves_new: Mapping[str, float]
    leaves_old: Mapping[str, float]
    split: tuple[str, ...]


@dataclass(frozen=True)
class Lever:
    """One rate moved by two points: more (or fewer) members in the wanted rings at the end, with interval."""

    source: str
    target: str
    rate: float
    gain: float
    ci: tuple[float, float]


def count_moves(paths: np.ndarray, states: int) -> np.ndarray:
    """Count moves from month to month.

    Parameters
    ----------
    paths : int array, shape (members, months)
        State by month; −1 where a member is not known.

    Returns
    -------
    int array, shape (states, states)

    Raises
    ------
    BadInput
        For a state that does not exist, or a table of another shape.
    """
    if paths.ndim != 2 or paths.max(initial=-1) >= states or paths.min(initial=-1) < -1:
        raise BadInput.one("paths", "a state outside the list", (f"−1 to {states - 1}, members × months",))
    before, after = paths[:, :-1].ravel(), paths[:, 1:].ravel()
    known = (before >= 0) & (after >= 0)
    flat = np.bincount(before[known] * states + after[known], minlength=states * states)
    return flat.reshape(states, states)


def transition_matrix(counts: np.ndarray, chain: np.ndarray, borrowed: float = BORROWED) -> np.ndarray:
    """Return p_ij = (n_ij + a P_ij) / (n_i + a): the store's own moves, pulled to the chain's where there are few.

    Parameters
    ----------
    counts : int array, shape (states, states)
        One store's moves.
    chain : int array, shape (states, states)
        Moves of the whole chain, this store among them; a state nobody ever left keeps its members.
    borrowed : float
        a, in members.

    Raises
    ------
    BadInput
        For negative counts or other shapes.
    """
    return (_alpha(counts, chain, borrowed).T / _alpha(counts, chain, borrowed).sum(axis=1)).T


def _alpha(counts: np.ndarray, chain: np.ndarray, borrowed: float) -> np.ndarray:
    if counts.shape != chain.shape or counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise BadInput.one("counts", f"{counts.shape} and {chain.shape}", ("two square tables alike",))
    if counts.min() < 0 or chain.min() < 0 or borrowed <= 0:
        raise BadInput.one("counts", "negative, or nothing is borrowed", ("zero or more; a above zero",))
    total = chain.sum(axis=1, keepdims=True).astype(float)
    pooled = np.where(total > 0, chain / np.where(total > 0, total, 1.0), np.eye(len(chain)))
    return counts + borrowed * pooled


def forecast(
    today: np.ndarray,
    counts: np.ndarray,
    chain: np.ndarray,
    rng: np.random.Generator,
    *,
    entrants: np.ndarray | None = None,
    horizon: int = 12,
    draws: int = DRAWS,
    level: float = 0.8,
    borrowed: float = BORROWED,
    states: Sequence[str] = STATES,
) -> Forecast:
    """Forecast n_{t+1} = n_t M + entrants. Interval: matrices drawn row by row from Dirichlet, people by multinomial.

    Parameters
    ----------
    today : int array, shape (states,)
    entrants : float array, shape (states,), optional
        Newcomers expected a month (Poisson in the draws).

    Raises
    ------
    BadInput
        For other shapes or negative members.
    """
    size = len(states)
    new = np.zeros(size) if entrants is None else np.asarray(entrants, dtype=float)
    if today.shape != (size,) or new.shape != (size,) or today.min() < 0 or new.min() < 0:
        raise BadInput.one("today, entrants", "another shape or negative", (f"{size} numbers, zero or more",))
    alpha = _alpha(counts, chain, borrowed)
    matrix = (alpha.T / alpha.sum(axis=1)).T
    expected = np.empty((horizon + 1, size))
    expected[0] = today
    for month in range(horizon):
        expected[month + 1] = expected[month] @ matrix + new
    paths = np.empty((draws, horizon + 1, size))
    for draw in range(draws):
        drawn = draw_matrix(alpha, rng)
        here = today.astype(np.int64)
        paths[draw, 0] = here
        for month in range(horizon):
            moved = sum(
                (rng.multinomial(here[row], drawn[row]) for row in range(size)), np.zeros(size, np.int64)
            )
            here = moved + rng.poisson(new)
            paths[draw, month + 1] = here
    tail = (1 - level) / 2
    low, high = np.quantile(paths, [tail, 1 - tail], axis=0)
    return Forecast(tuple(states), expected, low, high, level)


def draw_matrix(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one transition matrix; moves that were never seen anywhere stay impossible."""
    drawn = np.zeros_like(alpha, dtype=float)
    for row in range(len(alpha)):
        seen = alpha[row] > 0
        drawn[row, seen] = rng.dirichlet(alpha[row, seen])
    return drawn


def memory(paths: np.ndarray, states: Sequence[str] = STATES, *, faster: float = FASTER) -> Memory:
    """Test order 1 against order 2 (Anderson and Goodman 1957), and say who leaves faster while new.

    G² = 2 Σ n_hij ln(n_hij n_.i. / (n_hi. n_.ij)), with degrees of freedom counted over cells that can be filled. A state
    wants a "new" twin when members in their first month there leave more than `faster` times as often as the others,
    and the difference is beyond chance (5 %, Bonferroni over the states).

    Parameters
    ----------
    paths : int array, shape (members, months)
    """
    size = len(states)
    count_moves(paths, size)
    before, here, after = paths[:, :-2].ravel(), paths[:, 1:-1].ravel(), paths[:, 2:].ravel()
    known = (before >= 0) & (here >= 0) & (after >= 0)
    code = (before[known] * size + here[known]) * size + after[known]
    cube = np.bincount(code, minlength=size**3).reshape(size, size, size)
    g2, df = 0.0, 0
    for state in range(size):
        table = cube[:, state, :]
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        if min(table.shape, default=0) < 2:
            continue
        fitted = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        full = table > 0
        g2 += 2 * float(np.sum(table[full] * np.log(table[full] / fitted[full])))
        df += (table.shape[0] - 1) * (table.shape[1] - 1)
    new, old, split = {}, {}, []
    beyond = float(stats.norm.isf(0.025 / size))
    for state, name in enumerate(states):
        inside = cube[:, state, :]
        stays, come = inside[state], np.delete(inside, state, axis=0).sum(axis=0)
        n_new, n_old = int(come.sum()), int(stays.sum())
        new[name] = float(1 - come[state] / n_new) if n_new else float("nan")
        old[name] = float(1 - stays[state] / n_old) if n_old else float("nan")
        if n_new and n_old:
            pooled = (new[name] * n_new + old[name] * n_old) / (n_new + n_old)
            se = (pooled * (1 - pooled) * (1 / n_new + 1 / n_old)) ** 0.5
            if new[name] > faster * old[name] and new[name] - old[name] > beyond * se:
                split.append(name)
    return Memory(g2, df, float(stats.chi2.sf(g2, df)) if df else 1.0, new, old, tuple(split))


def with_new(
    paths: np.ndarray, states: Sequence[str], split: Sequence[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Give each state in `split` a twin `new <state>` for the first month there; returns paths and states.

    Examples
    --------
    >>> with_new(np.array([[0, 1, 1]]), ("outer", "middle"), ["middle"])
    (array([[0, 2, 1]]), ('outer', 'middle', 'new middle'))
    """
    wider, names = paths.copy(), list(states)
    came = np.zeros(paths.shape, dtype=bool)
    came[:, 1:] = (paths[:, 1:] != paths[:, :-1]) & (paths[:, :-1] >= 0)
    for name in split:
        wider[came & (paths == list(states).index(name))] = len(names)
        names.append(f"new {name}")
    return wider, tuple(names)


def levers(
    today: np.ndarray,
    counts: np.ndarray,
    chain: np.ndarray,
    rng: np.random.Generator,
    *,
    wanted: Sequence[str] = ("middle", "inner"),
    months: int = 12,
    step: float = PP,
    draws: int = 200,
    level: float = 0.95,
    borrowed: float = BORROWED,
    states: Sequence[str] = STATES,
) -> tuple[Lever, ...]:
    """Rank what moving each rate by two points would bring (the rest of its row gives in proportion), largest first.

    A rate that cannot give or take two points is moved as far as it goes. Rates never seen are no lever.
    """
    alpha = _alpha(counts, chain, borrowed)
    matrix = (alpha.T / alpha.sum(axis=1)).T
    goal = np.array([name in wanted for name in states])
    sampled = [draw_matrix(alpha, rng) for _ in range(draws)]
    found = []
    tail = (1 - level) / 2
    for row, source in enumerate(states):
        for column, target in enumerate(states):
            if row == column or matrix[row, column] <= 0:
                continue
            gain = _gain(matrix, lifted(matrix, row, column, step), today, goal, months)
            spread = [_gain(one, lifted(one, row, column, step), today, goal, months) for one in sampled]
            low, high = np.quantile(spread, [tail, 1 - tail])
            found.append(Lever(source, target, float(matrix[row, column]), gain, (float(low), float(high))))
    return tuple(sorted(found, key=lambda lever: (-lever.gain, lever.source, lever.target)))


def _gain(matrix: np.ndarray, moved: np.ndarray, today: np.ndarray, goal: np.ndarray, months: int) -> float:
    power = np.linalg.matrix_power(moved, months) - np.linalg.matrix_power(matrix, months)
    return float((today @ power)[goal].sum())


def lifted(matrix: np.ndarray, row: int, column: int, step: float) -> np.ndarray:
    """Move one rate up by `step` (at most to 1); the rest of its row gives in proportion."""
    moved = matrix.copy()
    rate = matrix[row, column]
    higher = min(1.0, rate + step)
    if rate < 1:
        moved[row] *= (1 - higher) / (1 - rate)
    moved[row, column] = higher
    return moved
