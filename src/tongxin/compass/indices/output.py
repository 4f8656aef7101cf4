"""输出量: what members make that others use, per 100 members, less where one person makes it all.

Messages do not count at all. Near copies count once, accepted answers are void between two people who mostly accept each other.
"""

from __future__ import annotations

import numpy as np

from tongxin.compass.indices.base import Component, Figure, Frame, by_person, effective
from tongxin.compass.indices.facts import WINDOW, Outputs
from tongxin.compass.sentence import Words

#: Orbit's scale; a save counts by the logarithm of distinct savers
WORTH = {"featured": 6.0, "accepted": 5.0, "adopted": 10.0, "ritual": 8.0}
RING_SHARE = 0.30


def output(frame: Frame) -> Figure | None:
    """Σ quality per 100 eligible × sqrt(effective contributors / contributors)."""
    rows = frame.facts.outputs
    if rows is None:
        return None
    last = frame.facts.as_of
    inside = (rows.day > last - WINDOW) & (rows.day <= last)
    person, worth = _quality(
        Outputs(
            rows.person[inside], rows.kind[inside], rows.content[inside], rows.other[inside], rows.day[inside]
        )
    )
    amount = by_person(frame, person, worth)
    contributors = frame.weight @ (amount > 0).astype(float)
    even = np.divide(
        effective(frame.weight, amount), contributors, out=np.zeros_like(contributors), where=contributors > 0
    )
    return Figure(100 * (frame.weight @ amount) * np.sqrt(even), frame.weight.sum(axis=1), rate=False)


def _quality(rows: Outputs) -> tuple[np.ndarray, np.ndarray]:
    """Distinct (author, kind, content) and their worth."""
    keep = (
        ~(np.isin(rows.other, [-1]) & np.isin(rows.kind, ["saved"]))
        & ~(rows.other == rows.person)
        & ~_rings(rows)
    )
    order = np.lexsort((rows.other, rows.person, rows.content, rows.kind, rows.day))
    order = order[keep[order]]
    author: dict[tuple[str, int], int] = {}
    savers: dict[tuple[str, int], set[int]] = {}
    for place in order.tolist():
        key = (str(rows.kind[place]), int(rows.content[place]))
        author.setdefault(key, int(rows.person[place]))  # near copies belong to whoever came first
        savers.setdefault(key, set()).add(int(rows.other[place]))
    person = np.array([author[key] for key in author], dtype=np.int64)
    worth = np.array(
        [WORTH[key[0]] if key[0] in WORTH else np.log1p(len(savers[key])) for key in author], dtype=float
    )
    return person, worth


def _rings(rows: Outputs) -> np.ndarray:
    """Accepted answers between two people of whose accepts more than 30 % come from each other."""
    accepted = (rows.kind == "accepted") & (rows.other >= 0)
    total: dict[int, int] = {}
    pair: dict[tuple[int, int], int] = {}
    for a, b in zip(rows.person[accepted].tolist(), rows.other[accepted].tolist(), strict=True):
        total[a] = total.get(a, 0) + 1
        pair[a, b] = pair.get((a, b), 0) + 1
    void = {
        (a, b)
        for (a, b), n in pair.items()
        if n > RING_SHARE * total[a] and pair.get((b, a), 0) > RING_SHARE * total.get(b, 1)
    }
    return np.array(
        [
            bool(flag) and (int(a), int(b)) in void
            for flag, a, b in zip(accepted, rows.person, rows.other, strict=True)
        ],
        dtype=bool,
    )


COMPONENTS = (Component("output", "output", 1.0, Words("优质输出", "quality output"), output),)
