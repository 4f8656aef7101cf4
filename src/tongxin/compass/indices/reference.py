"""Peers of a quarter, frozen as data: what a figure is a percentile of, what small communities lean on, from when a tie lives.

A cell is type × size band × age band; where it holds fewer than 20 communities the next wider one is used, and said.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.indices import influence, ties
from tongxin.compass.indices.base import Figure, Frame
from tongxin.compass.indices.facts import CommunityFacts
from tongxin.compass.indices.listing import COMPONENTS

SCHEMA = "tongxin.indices-reference/1"
SIZES = ((50, "≤50"), (200, "51–200"), (500, "201–500"), (math.inf, ">500"))
AGES = ((91, "≤91d"), (365, "92–365d"), (math.inf, ">365d"))
LEAST_PEERS, FEWEST_PEERS = 20, 5
TIE_QUANTILE, SHARE_QUANTILE = 0.60, 0.99
#: bounds of a + b: a prior is worth at least one member and at most two hundred
WORTH = (1.0, 200.0)
_KEPT = 400
ALL = "*"


@dataclass(frozen=True)
class Reference:
    """A frozen quarter.

    Attributes
    ----------
    priors : mapping of community type (`*` for all) to component to (a, b)
    cells : mapping of `type|size|age` (with `*` for all) to component to sorted values of its communities
    counts : mapping of cell to number of communities
    """

    name: str
    tau: float
    share_cap: float
    priors: Mapping[str, Mapping[str, tuple[float, float]]]
    cells: Mapping[str, Mapping[str, tuple[float, ...]]]
    counts: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be kept as a file."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "tau": self.tau,
            "share_cap": self.share_cap,
            "priors": {kind: {c: list(ab) for c, ab in rows.items()} for kind, rows in self.priors.items()},
            "cells": {cell: {c: list(v) for c, v in rows.items()} for cell, rows in self.cells.items()},
            "counts": dict(self.counts),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, allow_nan=False)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def cell_of(self, facts: CommunityFacts) -> str | None:
        """The narrowest cell with enough peers; the widest needs five, otherwise None."""
        for cell in cells_of(facts):
            if self.counts.get(cell, 0) >= LEAST_PEERS:
                return cell
        widest = f"{ALL}|{ALL}|{ALL}"
        return widest if self.counts.get(widest, 0) >= FEWEST_PEERS else None

    def shrunk(self, kind: str, component: str, figure: Figure) -> np.ndarray:
        """(x + a) / (n + a + b) for a rate, the raw figure otherwise."""
        prior = self.priors.get(kind, self.priors.get(ALL, {})).get(component)
        if not figure.rate or prior is None:
            return figure.raw
        a, b = prior
        return (figure.above + a) / (figure.below + a + b)

    def percentile(self, cell: str, component: str, value: np.ndarray) -> np.ndarray:
        """Place among the peers, 0–100, equal values at their middle, straight lines between; nan without peers."""
        peers = np.array(self.cells.get(cell, {}).get(component, ()))
        if not len(peers):
            return np.full(value.shape, np.nan)
        found, count = np.unique(peers, return_counts=True)
        middle = 100 * (np.cumsum(count) - count / 2) / len(peers)
        return np.where(np.isfinite(value), np.interp(value, found, middle), np.nan)


def load(content: Mapping[str, Any]) -> Reference:
    """Read a kept reference.

    Raises
    ------
    BadInput
        For content of another kind.
    """
    try:
        if content["schema"] != SCHEMA:
            raise BadInput.one("reference.schema", repr(content["schema"]), (SCHEMA,))
        return Reference(
            str(content["name"]),
            float(content["tau"]),
            float(content["share_cap"]),
            {
                k: {c: (float(ab[0]), float(ab[1])) for c, ab in v.items()}
                for k, v in content["priors"].items()
            },
            {k: {c: tuple(float(x) for x in xs) for c, xs in v.items()} for k, v in content["cells"].items()},
            {k: int(n) for k, n in content["counts"].items()},
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise BadInput.one("reference", f"not a kept reference: {error}", (SCHEMA,)) from error


def freeze(communities: Sequence[CommunityFacts], name: str) -> Reference:
    """Freeze the communities of a quarter as peers for the next.

    Raises
    ------
    BadInput
        Without a community that has eligible members.
    """
    rows = sorted((each for each in communities if len(each.eligible)), key=lambda each: each.code)
    if not rows:
        raise BadInput.one("communities", "none with members of 28 days or more", ("at least one",))
    tau = _tau(rows)
    frames = [frame_of(each, tau, math.inf) for each in rows]
    shared = np.concatenate([influence.readers(frame) for frame in frames])
    cap = float(np.quantile(shared[shared > 0], SHARE_QUANTILE)) if (shared > 0).any() else 0.0
    frames = [frame_of(each, tau, cap, known=frame.ties) for each, frame in zip(rows, frames, strict=True)]
    figures = [{c.code: c.figure(frame) for c in COMPONENTS} for frame in frames]
    kinds = sorted({each.kind for each in rows})
    priors = {
        kind: _priors([f for each, f in zip(rows, figures, strict=True) if each.kind == kind])
        for kind in kinds
    }
    priors[ALL] = _priors(figures)
    bare = Reference(name, tau, cap, priors, {}, {})
    cells: dict[str, dict[str, list[float]]] = {}
    counts: dict[str, int] = {}
    for each, found in zip(rows, figures, strict=True):
        values = {
            code: float(bare.shrunk(each.kind, code, figure)[0])
            for code, figure in found.items()
            if figure is not None
        }
        for cell in cells_of(each):
            counts[cell] = counts.get(cell, 0) + 1
            for code, value in values.items():
                if math.isfinite(value):
                    cells.setdefault(cell, {}).setdefault(code, []).append(value)
    kept = {
        cell: {code: _grid(values) for code, values in sorted(found.items())}
        for cell, found in sorted(cells.items())
    }
    return Reference(name, tau, cap, priors, kept, dict(sorted(counts.items())))


def frame_of(
    facts: CommunityFacts,
    tau: float,
    share_cap: float,
    *,
    weight: np.ndarray | None = None,
    known: ties.Ties | None = None,
) -> Frame:
    """Make the frame that components look at; without weights everybody stands once."""
    who = facts.eligible
    once = np.ones((1, len(who))) if weight is None else weight
    return Frame(facts, who, once, known if known is not None else ties.living(facts, tau), share_cap)


def cells_of(facts: CommunityFacts) -> list[str]:
    """Cells of a community, narrowest first.

    Size counts eligible members, age days since it was opened.
    """
    size = next(name for most, name in SIZES if len(facts.eligible) <= most)
    age = next(name for most, name in AGES if facts.as_of - facts.opened <= most)
    return [
        f"{facts.kind}|{size}|{age}",
        f"{facts.kind}|{size}|{ALL}",
        f"{facts.kind}|{ALL}|{ALL}",
        f"{ALL}|{ALL}|{ALL}",
    ]


def _tau(rows: Iterable[CommunityFacts]) -> float:
    """60th percentile of the strength of dyads with two contacts or more."""
    found = [ties.of(each) for each in rows if each.attendance is not None or each.contacts is not None]
    strength = np.concatenate([each.strength[each.contacts >= 2] for each in found]) if found else np.zeros(0)
    return float(np.quantile(strength, TIE_QUANTILE)) if len(strength) else 0.0


def _priors(figures: Sequence[Mapping[str, Figure | None]]) -> dict[str, tuple[float, float]]:
    found = {}
    for component in COMPONENTS:
        rates = [
            (float(figure.above[0]), float(figure.below[0]))
            for each in figures
            if (figure := each[component.code]) is not None and figure.rate and figure.below[0] > 0
        ]
        if rates:
            found[component.code] = prior(np.array(rates))
    return found


def prior(rates: np.ndarray) -> tuple[float, float]:
    """Beta prior by moments from rows of (x, n): mean Σx/Σn, spread between beyond what chance explains.

    Few communities, or rates that are no shares, give the weakest or strongest prior that is allowed.
    """
    x, n = rates[:, 0], rates[:, 1]
    mean = float(x.sum() / n.sum())
    chance = mean * (1 - mean)
    if len(rates) < 2 or chance <= 0:
        worth = 10.0
    else:
        between = float(np.var(x / n, ddof=1)) - chance * float(np.mean(1 / n))
        worth = chance / between - 1 if between > 0 else WORTH[1]
    worth = min(max(worth, WORTH[0]), WORTH[1])
    return mean * worth, max(0.0, (1 - mean)) * worth


def _grid(values: list[float]) -> tuple[float, ...]:
    """Sorted values, at most 400 evenly spaced quantiles of them."""
    ranked = np.sort(np.array(values))
    if len(ranked) > _KEPT:
        ranked = np.quantile(ranked, (np.arange(_KEPT) + 0.5) / _KEPT)
    return tuple(float(value) for value in ranked)
