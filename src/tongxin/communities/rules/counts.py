"""The daily count: stock(t) = stock(t−1) + joins − leaves, or a correction that says by how much the world disagreed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Balanced:
    """A day's count as it is kept."""

    before: int
    joins: int
    leaves: int
    stock: int
    correction: int


def balance(*, before: int, joins: int, leaves: int, stock: int) -> Balanced:
    """Close a day. What was learned late (a leave dated last week) shows as a correction; yesterday is never rewritten."""
    return Balanced(before, joins, leaves, stock, stock - (before + joins - leaves))
