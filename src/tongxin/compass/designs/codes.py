"""Integer codes: dense numbering and stable order, by counting where the range is small."""

from __future__ import annotations

import numpy as np


def compact(code: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the codes 0…k−1 in ascending order; return the numbers, shape (n,), and k.

    >>> compact(np.array([7, 3, 7]))
    (array([1, 0, 1]), 2)
    """
    if not len(code):
        return np.zeros(0, dtype=np.int64), 0
    low = int(code.min())
    width = int(code.max()) - low + 1
    if width > 4 * len(code) + 1024:
        names, place = np.unique(code, return_inverse=True)
        return place, len(names)
    there = np.zeros(width, dtype=np.int64)
    shifted = code - low
    there[shifted] = 1
    number = np.cumsum(there) - 1
    return number[shifted], int(number[-1]) + 1


def order_of(place: np.ndarray, count: int) -> np.ndarray:
    """Stable order of numbers 0…count−1 (a counting sort where they fit into 16 bits)."""
    narrow = place.astype(np.uint16) if count <= 2**16 else place
    return np.argsort(narrow, kind="stable")


def order_by_value(values: np.ndarray) -> np.ndarray:
    """Ascending order; equal values keep the order of their rows."""
    order = np.argsort(values)
    if (np.diff(values[order]) == 0).any():
        return np.argsort(values, kind="stable")
    return order
