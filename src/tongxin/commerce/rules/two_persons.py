"""Large effects need two persons (promise P43): above a dated limit nobody does both halves of one thing alone."""

from datetime import date

from tongxin.commerce.terms import TWO_PERSONS_OVER


def limit_on(day: date) -> int:
    """The limit in fen that holds on a day: the newest that is not in the future; the first one before all of them."""
    holding = [fen for since, fen in TWO_PERSONS_OVER if since <= day]
    return holding[-1] if holding else TWO_PERSONS_OVER[0][1]


def needs_second(fen: int, *, first: str, second: str, day: date) -> bool:
    """Is it too much for one person who has done the first half, too?"""
    return first == second and fen > limit_on(day)
