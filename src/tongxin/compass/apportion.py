"""Whole numbers that add up exactly: the largest-remainder rule (Hamilton), on fractions, never on floats.

Used wherever fen are handed out (payouts, credits, budgets). Ties go by name, so the order of rows cannot reach an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from tongxin.compass.errors import BadInput


def to_whole(values: Mapping[str, Fraction]) -> dict[str, int]:
    """Round fractions whose sum is whole to whole numbers with the same sum.

    Each value is rounded down; the units left over go to the largest fractions cut off, equal ones by name.
    Nobody is more than one unit away from the exact value. Negative values are allowed.

    Raises
    ------
    BadInput
        If the values do not add up to a whole number.

    Examples
    --------
    >>> to_whole({"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3)})
    {'a': 1, 'b': 0, 'c': 0}
    """
    total = sum(values.values(), Fraction(0))
    if total.denominator != 1:
        raise BadInput.one("values", f"add up to {total}, which is no whole number", ("a whole sum",))
    whole = {name: floor(values[name]) for name in sorted(values)}
    left = int(total) - sum(whole.values())
    by_cut = sorted(whole, key=lambda name: (whole[name] - values[name], name))
    for name in by_cut[:left]:
        whole[name] += 1
    return whole


def hand_out(total: int, weights: Mapping[str, Fraction | int]) -> dict[str, int]:
    """Divide `total` units by weight; the parts add up to `total` exactly. A negative total mirrors the positive one.

    Parameters
    ----------
    total : int
        Units, for instance fen.
    weights : mapping of name to weight
        Not negative, exact (int or Fraction).

    Raises
    ------
    BadInput
        For a weight that is negative or a float, or when there is something to hand out and no weight.

    Examples
    --------
    >>> hand_out(100, {"a": 1, "b": 1, "c": 1}), hand_out(-100, {"a": 1, "b": 1, "c": 1})
    ({'a': 34, 'b': 33, 'c': 33}, {'a': -34, 'b': -33, 'c': -33})
    """
    if total < 0:
        return {name: -part for name, part in hand_out(-total, weights).items()}
    exact = exact_weights(weights)
    whole = sum(exact.values(), Fraction(0))
    if whole == 0:
        if total:
            raise BadInput.one("weights", "add up to zero", ("at least one positive weight",))
        return dict.fromkeys(sorted(exact), 0)
    return to_whole({name: total * weight / whole for name, weight in exact.items()})


def exact_weights(weights: Mapping[str, Fraction | int]) -> dict[str, Fraction]:
    """Check weights at the door: whole numbers or fractions, none below zero.

    Raises
    ------
    BadInput
        Without naming whose weight it is: names here are people.
    """
    inexact = sum(not isinstance(weight, int | Fraction) for weight in weights.values())
    if inexact:
        raise BadInput.one("weights", f"{inexact} are not exact numbers", ("int", "Fraction"))
    below = sum(weight < 0 for weight in weights.values())
    if below:
        raise BadInput.one("weights", f"{below} are negative", ("zero or more",))
    return {name: Fraction(weight) for name, weight in weights.items()}
