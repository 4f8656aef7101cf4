"""What somebody is owed: everything earned and shared, less everything paid. What was taken back later is set off, never asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxin.amplify.terms_sharing import LEAST_FEN


@dataclass(frozen=True)
class Owed:
    """One person's sums since the beginning; `fen` is what is paid now."""

    person: int
    thanks_fen: int
    shares_fen: int
    before_fen: int

    @property
    def fen(self) -> int:
        """What is left to pay; below zero it is set off against what comes."""
        return self.thanks_fen + self.shares_fen - self.before_fen


def owed(
    thanks: Mapping[int, int], shares: Mapping[int, int], before: Mapping[int, int], least: int = LEAST_FEN
) -> tuple[Owed, ...]:
    """Who is paid now, by their number: everybody who is owed at least `least` fen.

    >>> [(one.person, one.fen) for one in owed({1: 1500, 2: 99, 3: -20}, {3: 500}, {1: 1400})]
    [(1, 100), (3, 480)]
    """
    rows = (
        Owed(one, thanks.get(one, 0), shares.get(one, 0), before.get(one, 0))
        for one in sorted({*thanks, *shares})
    )
    return tuple(one for one in rows if one.fen >= least)
