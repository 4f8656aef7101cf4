"""What a component is: a figure of one community for many drawings of its members at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tongxin.compass.indices.facts import CommunityFacts
from tongxin.compass.indices.ties import Ties
from tongxin.compass.sentence import Words


@dataclass(frozen=True)
class Frame:
    """One community and its drawings.

    Attributes
    ----------
    who : int array, shape (n,)
        Eligible members.
    weight : float array, shape (draws + 1, n)
        How often each was drawn; row 0 is everybody once.
    ties : Ties or None
        Living ties; None where nothing is known that could make one.
    share_cap : float
        Most that one sharer's readers count for, frozen with the reference.
    """

    facts: CommunityFacts
    who: np.ndarray
    weight: np.ndarray
    ties: Ties | None
    share_cap: float


@dataclass(frozen=True)
class Figure:
    """A component over drawings, shape (draws + 1,). A rate brings what stands above and below the line, to be shrunk."""

    above: np.ndarray
    below: np.ndarray
    rate: bool

    @property
    def raw(self) -> np.ndarray:
        """Above / below; nan where nothing stands below."""
        return np.divide(self.above, self.below, out=np.full(self.above.shape, np.nan), where=self.below > 0)


@dataclass(frozen=True)
class Component:
    """One line of an index: its weight inside it, its words, and how it is computed (None = not known)."""

    code: str
    index: str
    weight: float
    name: Words
    figure: Callable[[Frame], Figure | None]


def rate(frame: Frame, above: np.ndarray, below: np.ndarray) -> Figure:
    """Sum per-member columns, shape (n,), over drawings: a rate that may be shrunk."""
    return Figure(frame.weight @ above, frame.weight @ below, rate=True)


def ratio(frame: Frame, above: np.ndarray, below: np.ndarray) -> Figure:
    """Sum per-member columns over drawings: a mean that is not shrunk."""
    return Figure(frame.weight @ above, frame.weight @ below, rate=False)


def effective(weight: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Effective number of people, exp of the Shannon entropy of their shares, for each drawing; 0 where nobody did anything.

    Drawing somebody twice counts as two people with the same amount.
    """
    total = weight @ amount
    safe = np.where(total > 0, total, 1.0)
    own = amount * np.log(np.where(amount > 0, amount, 1.0))
    entropy = np.log(safe) - (weight @ own) / safe
    return np.where(total > 0, np.exp(entropy), 0.0)


def by_person(frame: Frame, person: np.ndarray, amount: np.ndarray | None = None) -> np.ndarray:
    """Add up rows by eligible member, shape (n,); rows of other people are left out."""
    total = np.bincount(person, weights=amount, minlength=len(frame.facts.joined))
    return total[frame.who].astype(float)
