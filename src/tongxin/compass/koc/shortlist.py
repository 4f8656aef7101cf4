"""The shortlist: best by score within a quota per store, some by lot, each with reasons, interval and flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tongxin.compass.dataset import Dataset
from tongxin.compass.graph import people as everybody
from tongxin.compass.graph import spread
from tongxin.compass.graph.spread import Spread
from tongxin.compass.koc import evidence, percentiles, words
from tongxin.compass.koc.evidence import Evidence
from tongxin.compass.koc.policy import Policy
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

#: with fewer sides one figure would decide
LEAST_SIDES = 2
#: percentile from which a side is worth a reason
WORTH_SAYING = 0.6
#: reverse-reachable sets behind a spread
SETS = 20_000


@dataclass(frozen=True)
class Component:
    """One side of one candidate: shrunk percentile and the evidence behind it."""

    name: str
    percentile: float
    value: float
    evidence: int


@dataclass(frozen=True)
class Candidate:
    """Somebody worth talking to."""

    code: str
    store: str | None
    slot: Literal["score", "random"]
    score: float
    interval: tuple[float, float]
    components: tuple[Component, ...]
    reasons: tuple[Words, ...]
    flags: tuple[Words, ...]
    ring: str | None


@dataclass(frozen=True)
class Reached:
    """How many members word from the list would reach, and from as many eligible members drawn by lot.

    Both from sets of people drawn for this question only: what a choice claims on its own sets is too much.
    """

    listed: Spread
    by_lot: Spread
    words: Words


@dataclass(frozen=True)
class Shortlist:
    """The answer, or the reasons why there is none.

    Attributes
    ----------
    candidates : tuple of Candidate
        By score; those by lot come last.
    missing : tuple of Words
        Sides that the data cannot show.
    spread : Reached or None
        None where nobody answered anybody.
    """

    candidates: tuple[Candidate, ...]
    eligible: int
    excluded: dict[str, int]
    missing: tuple[Words, ...]
    notes: tuple[Words, ...]
    reasons: tuple[Reason, ...]
    policy: Policy
    spread: Reached | None = None


def run(dataset: Dataset, policy: Policy | None = None, rings: Mapping[str, str] | None = None) -> Shortlist:
    """Draw up the shortlist of a dataset.

    Parameters
    ----------
    rings : mapping of member code to ring name, optional
        Says who is already somewhere; nobody is left out for it.
    """
    chosen = policy or Policy()
    return draw_up(evidence.gather(dataset, everybody.read(dataset), chosen), chosen, rings or {})


def draw_up(given: Evidence, policy: Policy, rings: Mapping[str, str]) -> Shortlist:
    """Draw up the shortlist from evidence that was gathered."""
    missing = tuple(words.MISSING[name] for name in words.NAMES if name not in given.sides)
    who = np.flatnonzero(given.eligible)
    reasons = _why_not(given, len(who), policy)
    excluded = {
        "staff": int(given.people.staff.sum()),
        "measurement_refused": int((given.people.refused & ~given.people.staff).sum()),
    }
    if reasons:
        return Shortlist((), len(who), excluded, missing, (), reasons, policy)
    sides = {name: given.sides[name] for name in words.NAMES if name in given.sides}
    ordered = {name: np.sort(side.value[who]) for name, side in sides.items()}
    each = {
        name: percentiles.shrunk(side.value[who], side.count[who], ordered[name], policy.pull)
        for name, side in sides.items()
    }
    score = percentiles.scores(list(each.values()))
    rng = np.random.default_rng(policy.seed)
    best, lot = places(score, given.people.store[who], policy, rng)
    picked = np.concatenate((best, lot))
    low, high = percentiles.intervals(sides, ordered, who[picked], policy, rng)
    codes = evidence.codes_of(given.people, who[picked])
    candidates = []
    for at, (place, code) in enumerate(zip(picked, codes, strict=True)):
        parts = _components(given, who[place], {name: float(each[name][place]) for name in each})
        by_lot = at >= len(best)
        candidates.append(
            Candidate(
                code,
                _store(given, who[place]),
                "random" if by_lot else "score",
                float(score[place]),
                (float(low[at]), float(high[at])),
                parts,
                _reasons(given, who[place], parts, rings.get(code), by_lot=by_lot),
                _flags(given, who[place]),
                rings.get(code),
            )
        )
    notes = [words.CAVEAT]
    if not given.people.stores:
        notes.append(words.NO_STORES)
    if len(picked) < policy.size:
        notes.append(_filled(words.FEW, n=len(who), quota=policy.per_store))
    reached = _reached(given, who[best], who, rng)
    return Shortlist(tuple(candidates), len(who), excluded, missing, tuple(notes), (), policy, reached)


def _reached(
    given: Evidence, listed: np.ndarray, who: np.ndarray, rng: np.random.Generator
) -> Reached | None:
    if not given.attention.matrix.nnz:
        return None
    others = rng.choice(who, len(listed), replace=False)
    told, lot = (spread.estimate(given.attention, some, SETS, rng) for some in (listed, others))
    data = {
        "people": f"{told.people:,.0f}",
        "low": f"{told.low:,.0f}",
        "high": f"{told.high:,.0f}",
        "lot": f"{lot.people:,.0f}",
    }
    return Reached(told, lot, _filled(words.REACHED, **data))


def places(
    score: np.ndarray, store: np.ndarray, policy: Policy, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give out the places: by score within the quota of each store, then by lot among everybody left.

    Lots know no quota: otherwise full stores would leave nothing to draw from.

    Returns
    -------
    best, lot : int64 arrays
        Places in `score`. Equal scores: the smaller member code. Members without a store have no quota.
    """
    best = _fill(
        np.argsort(-score, kind="stable"), store, policy.size - policy.random_slots, policy.per_store
    )
    lot = rng.permutation(np.setdiff1d(np.arange(len(score)), best))[: policy.random_slots]
    return np.array(best, dtype=np.int64), lot.astype(np.int64)


def _fill(order: np.ndarray, store: np.ndarray, room: int, quota: int) -> list[int]:
    out: list[int] = []
    taken: dict[int, int] = {}
    for place in order:
        if len(out) >= room:
            break
        home = int(store[place])
        if home >= 0 and taken.get(home, 0) >= quota:
            continue
        taken[home] = taken.get(home, 0) + 1
        out.append(int(place))
    return out


def _why_not(given: Evidence, eligible: int, policy: Policy) -> tuple[Reason, ...]:
    if len(given.sides) < LEAST_SIDES:
        names = "、".join(words.NAMES[name].zh for name in given.sides) or "—"
        return (words.NOT_ENOUGH.filled(found=len(given.sides), names=names, needed=LEAST_SIDES),)
    if not eligible:
        return (words.NOBODY.filled(days=policy.window_days, tenure=policy.tenure_days),)
    return ()


def _components(given: Evidence, member: int, each: dict[str, float]) -> tuple[Component, ...]:
    return tuple(
        Component(
            name, percentile, float(given.sides[name].value[member]), int(given.sides[name].count[member])
        )
        for name, percentile in each.items()
    )


def _reasons(
    given: Evidence, member: int, parts: tuple[Component, ...], ring: str | None, *, by_lot: bool
) -> tuple[Words, ...]:
    """Strongest sides first, each with its count; a side that is not above the middle is no reason."""
    said = [words.RANDOM] if by_lot else []
    for part in sorted(parts, key=lambda one: -one.percentile):
        if part.percentile >= WORTH_SAYING and part.evidence:
            hits = int(given.sides[part.name].hits[member])
            said.append(_filled(words.REASONS[part.name], n=part.evidence, x=hits, value=part.value))
    if ring:
        said.append(_filled(words.ALREADY, ring=ring))
    return tuple(said)


def _flags(given: Evidence, member: int) -> tuple[Words, ...]:
    found = [(name, float(given.flags[name][member])) for name in words.FLAGS if name in given.flags]
    return tuple(_filled(words.FLAGS[name], share=size, n=round(size)) for name, size in found if size)


def _store(given: Evidence, member: int) -> str | None:
    at = int(given.people.store[member])
    return given.people.stores[at] if at >= 0 else None


def _filled(sentence: Words, **data: object) -> Words:
    return Words(sentence.zh.format(**data), sentence.en.format(**data))
