"""What a sequence to the long unseen brought beyond what would have come anyway: those told against those held out at random.

By intention to treat: who entered counts, whether or not a message went. Shares by Newcombe, money by Welch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from tongxin.rings.rules.thanks import LEAST, Z95
from tongxin.rings.rules.thanks import Arm as Share
from tongxin.rings.rules.thanks import effect as compare_shares

WINDOW = 28  # days after the entry, for each person their own
LEAST_BUYERS = 5  # on either side before anything is said of money


@dataclass(frozen=True)
class Watched:
    """One person whose days are over: told or held out, seen again or not, how many orders and what they came to after refunds."""

    held: bool
    back: bool
    orders: int
    net_fen: int


@dataclass(frozen=True)
class Side:
    """One side of the comparison, summed up; `squares` is the sum of the squared net amounts."""

    people: int
    back: int
    buyers: int
    net_fen: int
    squares: int

    @property
    def mean_fen(self) -> float:
        """Net amount a person."""
        return self.net_fen / self.people if self.people else 0.0

    @property
    def spread(self) -> float:
        """Variance of the net amount of a person."""
        n = self.people
        return (self.squares - self.net_fen * self.net_fen / n) / (n - 1) if n > 1 else 0.0


@dataclass(frozen=True)
class Gap:
    """Told minus held out, with a 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Does the interval leave nought out?"""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Return:
    """Both sides and what lies between them; a gap is None where too few stand on a side."""

    given: Side
    held: Side
    back: Gap | None
    buyers: Gap | None
    net_fen: Gap | None


def compare(people: Iterable[Watched]) -> Return:
    """Sum up both sides and compare them. Nothing is said below 20 people on a side, nor of money below 5 buyers on a side."""
    listed = list(people)
    given = _side(one for one in listed if not one.held)
    held = _side(one for one in listed if one.held)
    return Return(
        given,
        held,
        _shares(given.people, given.back, held.people, held.back),
        _shares(given.people, given.buyers, held.people, held.buyers),
        _money(given, held),
    )


def _side(people: Iterable[Watched]) -> Side:
    listed = list(people)
    return Side(
        people=len(listed),
        back=sum(one.back for one in listed),
        buyers=sum(one.orders > 0 for one in listed),
        net_fen=sum(one.net_fen for one in listed),
        squares=sum(one.net_fen * one.net_fen for one in listed),
    )


def _shares(people: int, some: int, others: int, of_them: int) -> Gap | None:
    found = compare_shares(Share(people, some), Share(others, of_them), 0)
    if found.difference is None or found.low is None or found.high is None:
        return None
    return Gap(found.difference, found.low, found.high)


def _money(given: Side, held: Side) -> Gap | None:
    if min(given.people, held.people) < LEAST or min(given.buyers, held.buyers) < LEAST_BUYERS:
        return None
    a, b = given.spread / given.people, held.spread / held.people
    difference = given.mean_fen - held.mean_fen
    if a + b == 0:
        return Gap(difference, difference, difference)
    freedom = (a + b) ** 2 / (a * a / (given.people - 1) + b * b / (held.people - 1))
    half = quantile(freedom) * sqrt(a + b)
    return Gap(difference, difference - half, difference + half)


def quantile(freedom: float) -> float:
    """Student's 97.5 % point, by Cornish and Fisher's expansion: right to 0.001 from 15 degrees of freedom on.

    >>> round(quantile(19), 3), round(quantile(1e9), 3)
    (2.093, 1.96)
    """
    z = Z95
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
