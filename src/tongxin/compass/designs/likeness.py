"""The pair view: five members most like one customer, for an operator to look at; never an estimator.

Likeness is measured inside the customer's stratum on covariates that can be read aloud, each in its own standard
deviations, so that what differs can be said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tongxin.compass.sentence import Words


@dataclass(frozen=True)
class Trait:
    """A covariate that can be read aloud: its name, its unit, decimals, and how big a difference is worth saying."""

    code: str
    name: Words
    unit: Words
    decimals: int = 0


@dataclass(frozen=True)
class Twin:
    """One member like the customer.

    Attributes
    ----------
    row : int
    distance : float
        Root mean square of the differences, in standard deviations; 0 is the same in every trait.
    differs : Words
    """

    row: int
    distance: float
    differs: Words


def twins(
    known: np.ndarray,
    traits: Sequence[Trait],
    stratum: np.ndarray,
    candidate: np.ndarray,
    one: int,
    *,
    count: int = 5,
) -> tuple[Twin, ...]:
    """Return the `count` candidates of the same stratum that are nearest to row `one`.

    Parameters
    ----------
    known : float array, shape (n, k)
        One column a trait.
    traits : sequence of Trait, length k
    stratum : int array, shape (n,)
    candidate : bool array, shape (n,)
    one : int
        Row of the customer.
    """
    pool = np.flatnonzero(candidate & (stratum == stratum[one]))
    pool = pool[pool != one]
    if not len(pool):
        return ()
    spread = known[np.append(pool, one)].std(axis=0)
    gap = (known[pool] - known[one]) / np.where(spread > 0, spread, 1.0)
    distance = np.sqrt((gap**2).mean(axis=1))
    order = np.lexsort((pool, distance))[:count]
    return tuple(
        Twin(int(pool[i]), float(distance[i]), _said(known[pool[i]] - known[one], gap[i], traits))
        for i in order
    )


def _said(raw: np.ndarray, gap: np.ndarray, traits: Sequence[Trait]) -> Words:
    """The two largest differences of at least a tenth of a standard deviation, in words."""
    order = sorted(range(len(traits)), key=lambda i: (-abs(gap[i]), i))
    zh, en = [], []
    for i in order[:2]:
        size = f"{abs(raw[i]):.{traits[i].decimals}f}"
        if abs(gap[i]) < 0.1 or float(size) == 0:
            continue
        trait = traits[i]
        zh.append(f"{trait.name.zh}{'多' if raw[i] > 0 else '少'} {size} {trait.unit.zh}".rstrip())
        more = "more" if raw[i] > 0 else "less"
        en.append(" ".join(filter(None, (size, trait.unit.en, more, trait.name.en))))
    if not zh:
        return Words("几乎一样", "almost the same")
    return Words("，".join(zh), ", ".join(en))
