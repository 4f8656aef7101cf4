"""The chain of channels behind the removal effect: how many fewer conversions are reached when one channel leads nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Chain:
    """Paths as arrays, so that a bootstrap only re-weighs them.

    Attributes
    ----------
    names : tuple of str
        Channels, sorted.
    person : int array, shape (paths,)
        Whose path it is, 0 … persons − 1.
    converts : bool array, shape (paths,)
    moves : three int arrays
        Path, source and target of every step; start = k, conversion = k + 1, nothing = k + 2.
    won : mapping of channels to paths
        Rows of the converted paths that look alike.
    """

    names: tuple[str, ...]
    person: np.ndarray
    persons: int
    converts: np.ndarray
    moves: tuple[np.ndarray, np.ndarray, np.ndarray]
    won: Mapping[tuple[str, ...], list[int]]

    @classmethod
    def of(cls, paths: Sequence[tuple[str, tuple[str, ...], bool]]) -> Chain:
        """Make the arrays from rows of (person, channels, converted)."""
        names = sorted({name for _, channels, _ in paths for name in channels})
        place = {name: number for number, name in enumerate(names)}
        start, yes, no = len(names), len(names) + 1, len(names) + 2
        row: list[int] = []
        source: list[int] = []
        target: list[int] = []
        won: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, (_, channels, converted) in enumerate(paths):
            if converted:
                won[channels].append(number)
            if channels:
                steps = [start, *(place[name] for name in channels), yes if converted else no]
                row += [number] * (len(steps) - 1)
                source += steps[:-1]
                target += steps[1:]
        at = {person: number for number, person in enumerate(sorted({person for person, _, _ in paths}))}
        return cls(
            tuple(names),
            np.array([at[person] for person, _, _ in paths]),
            len(at),
            np.array([converted for _, _, converted in paths]),
            (np.array(row, dtype=int), np.array(source, dtype=int), np.array(target, dtype=int)),
            won,
        )

    def removal(self, weight: np.ndarray) -> dict[str, float]:
        """Removal effects (0–1) of the first-order chain fitted to weighted paths; 0 where nothing converts.

        Parameters
        ----------
        weight : float array, shape (paths,)
        """
        row, source, target = self.moves
        k = len(self.names)
        size = k + 3
        counts = np.bincount(source * size + target, weights=weight[row], minlength=size * size)
        counts = counts.reshape(size, size)[: k + 1]
        total = counts.sum(axis=1, keepdims=True)
        chance = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
        reached = _reach(chance, None)
        if not reached:
            return dict.fromkeys(self.names, 0.0)
        return {name: 1 - _reach(chance, place) / reached for place, name in enumerate(self.names)}


def _reach(chance: np.ndarray, without: int | None) -> float:
    """Chance to convert from the start when one channel leads nowhere; solves (I − Q) x = r."""
    k = len(chance) - 1
    inner, ends = chance[:, : k + 1].copy(), chance[:, k + 1].copy()
    if without is not None:
        inner[without] = 0.0
        ends[without] = 0.0
    return float(np.linalg.solve(np.eye(k + 1) - inner, ends)[k])
