"""Ambassadors: when a term begins, which rate holds, when it is over."""

from collections.abc import Collection
from datetime import datetime

from tongxin.amplify.terms_ambassadors import TERM_LEAST, TERM_MOST, TIER_PERMILLE, TRAINING, Tier


def missing(done: Collection[str]) -> tuple[str, ...]:
    """What is still to be read before a term begins.

    >>> missing(["say_it", "own_words", "take_no"])
    ('children',)
    """
    return tuple(code for code, _, _ in TRAINING if code not in done)


def term_holds(until: datetime, now: datetime) -> bool:
    """May a term end then: four weeks to a year from now."""
    return TERM_LEAST <= until - now <= TERM_MOST


def rate(tier: Tier | None, usual: int) -> int:
    """The thanks for friends in thousandths of the margin: the tier's, or what everybody gets.

    >>> rate(Tier.TWO, 50), rate(None, 50)
    (80, 50)
    """
    return usual if tier is None else TIER_PERMILLE[tier]
