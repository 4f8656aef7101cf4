"""Which groups stand out: looked for in one half of the members, told from the other half.

A lift that was the largest of many is too large on the members it was chosen on (the winner's curse). So the members
are split by lot: groups are chosen on the discovery half, and size, lift, interval and p come from the validation
half alone, corrected for how many were tested (Holm 1979). Conditions are read before the cut, the outcome after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy import stats

from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.refusals import REASONS, Reason
from tongxin.compass.segments import conditions, groups, shopping
from tongxin.compass.segments.conditions import Condition
from tongxin.compass.segments.outcomes import OUTCOMES, Outcome
from tongxin.compass.sentence import Words

_DAY_0 = np.datetime64("1970-01-01")


@dataclass(frozen=True)
class Settings:
    """The numbers of a search.

    Attributes
    ----------
    before_days, after_days : int
        Length of the time that conditions look at and of the time the outcome is looked for.
    least : int
        Fewest members of a group in either half.
    overlap : float
        Largest Jaccard overlap of two groups that are both told.
    clear : float
        z from which a group is taken to the validation half.
    most : int
        Most groups taken there.
    level : float
        Family-wise error.
    """

    before_days: int = 182
    after_days: int = 91
    least: int = 50
    overlap: float = 0.5
    clear: float = 2.0
    most: int = 12
    level: float = 0.05
    seed: int = 20260101


@dataclass(frozen=True)
class Segment:
    """A group that stands out, with figures of the validation half.

    Attributes
    ----------
    members : int
        In both halves together.
    share, rest : float
        Share with the outcome in the group and among everybody else.
    lift : float
        share / rest; `interval` is simultaneous over all groups that were tested.
    discovered : float
        The lift on the half it was chosen on: shown so that the shrinkage is seen.
    """

    conditions: tuple[str, ...]
    words: Words
    members: int
    validated_on: int
    share: float
    rest: float
    lift: float
    interval: tuple[float, float]
    p_holm: float
    discovered: float


@dataclass(frozen=True)
class Found:
    """The answer: groups by lift, or why there is none."""

    outcome: str
    words: Words
    segments: tuple[Segment, ...]
    members: int
    candidates: int
    tested: int
    notes: tuple[Words, ...]
    reasons: tuple[Reason, ...]
    settings: Settings


FEW = Reason(
    "G1",
    "可用的会员只有 {found} 位，分成两半后每组至少 {least} 人，需要 {needed} 位以上。",
    "Only {found} members can be used; with {least} a group in either half, {needed} are needed.",
    "等更多会员有购买记录，或把几家店合在一起看。",
    "Wait for more members with purchases, or look at several stores together.",
)
SAME = Reason(
    "G2",
    "这项结果几乎人人一样（{share:.1%}），分不出群体。",
    "Almost everybody is alike in this ({share:.1%}), so no group can stand out.",
    "换一个结果，或把观察时间放长。",
    "Choose another outcome, or look over a longer time.",
)
NO_CLOCK = Words("门店时区不同，没有按时段分组", "Stores keep different clocks: times of day were left out")
NO_LINES = Words("没有商品明细，没有按儿童用品分组", "No order lines: goods for children were left out")
MANY_STORES = Words(
    f"只逐一看了最大的 {conditions.MOST_STORES} 家店，其余按区域看",
    f"Only the {conditions.MOST_STORES} largest stores were looked at one by one, the others by region",
)
NOT_CAUSE = Words(
    "这些群体更常出现这个结果，不等于做了什么就会带来它。",
    "These groups show the outcome more often; that does not say what would bring it about.",
)


def run(dataset: Dataset, outcome: str = "high_margin", settings: Settings | None = None) -> Found:
    """Search the groups of a dataset that stand out for an outcome of `outcomes.OUTCOMES`.

    Raises
    ------
    BadInput
        An unknown outcome.
    """
    if outcome not in OUTCOMES:
        raise BadInput.one("--outcome", repr(outcome), tuple(OUTCOMES))
    chosen, wanted = settings or Settings(), OUTCOMES[outcome]
    missing = [table for table in (*wanted.needs, "orders") if not dataset.has(table)]
    if missing:
        reason = REASONS["R0"].filled(tables="、".join(dict.fromkeys(missing)))
        return Found(outcome, wanted.words, (), 0, 0, 0, (), (reason,), chosen)
    last = int((np.datetime64(dataset.last_day) - _DAY_0).astype(int))
    cut = last - chosen.after_days + 1
    read = shopping.read(dataset, cut - chosen.before_days, cut)
    happened = wanted.read(dataset, read.codes, cut, last)
    usable = read.usable
    if wanted.fresh and read.paid is not None:
        usable = usable & ~read.paid
    who = np.flatnonzero(usable)
    every = conditions.every(shopping.narrowed(read, who))
    notes = (
        NOT_CAUSE,
        *([NO_CLOCK] if not read.dayparts else []),
        *([NO_LINES] if read.children is None else []),
        *([MANY_STORES] if len(read.stores) > conditions.MOST_STORES else []),
    )
    return search(every, happened[who], chosen, wanted, notes)


def search(
    every: list[Condition],
    happened: np.ndarray,
    settings: Settings,
    outcome: Outcome,
    notes: tuple[Words, ...] = (),
) -> Found:
    """Search groups from conditions already answered; members in code order, so that the split is reproducible."""
    n = len(happened)
    share = float(happened.mean()) if n else 0.0
    reasons: tuple[Reason, ...] = ()
    if n < 4 * settings.least:
        reasons = (FEW.filled(found=n, least=settings.least, needed=4 * settings.least),)
    elif not 0.002 <= share <= 0.998:
        reasons = (SAME.filled(share=share),)
    if reasons or not every:
        return Found(outcome.code, outcome.words, (), n, 0, 0, notes, reasons, settings)
    holds = _matrix(every, n)
    families = [condition.family for condition in every]
    lot = np.random.default_rng(settings.seed).permutation(n)
    seen, kept_back = np.sort(lot[: n // 2]), np.sort(lot[n // 2 :])
    found = groups.candidates(holds[seen], families, happened[seen], settings.least, settings.clear)
    kept = groups.pruned(
        holds[seen],
        found,
        happened[seen],
        overlap=settings.overlap,
        clear=settings.clear,
        most=settings.most,
    )
    halves = [(holds[half].tocsc(), happened[half]) for half in (seen, kept_back)]
    tested = [group for group in kept if groups.members_of(halves[1][0], group).sum() >= settings.least]
    told = [_told(every, group, halves, settings, len(tested)) for group in tested]
    corrected = holm(np.array([segment.p_holm for segment in told]))
    segments = [
        Segment(**{**segment.__dict__, "p_holm": float(p)})
        for segment, p in zip(told, corrected, strict=True)
        if p <= settings.level
    ]
    segments.sort(key=lambda segment: (-segment.lift, segment.conditions))
    return Found(
        outcome.code, outcome.words, tuple(segments), n, len(found), len(tested), notes, (), settings
    )


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's (1979) adjusted p values.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    out = np.empty(len(p))
    out[order] = np.minimum(steps, 1.0)
    return out


def _matrix(every: list[Condition], members: int) -> sp.csr_array:
    """0/1, shape (members, conditions), from the places of each condition."""
    start = np.concatenate(([0], np.cumsum([len(condition.places) for condition in every])))
    where = np.concatenate([condition.places for condition in every])
    return sp.csr_array(sp.csc_array((np.ones(len(where)), where, start), shape=(members, len(every))))


def _told(
    every: list[Condition],
    group: groups.Group,
    halves: list[tuple[sp.csc_array, np.ndarray]],
    settings: Settings,
    tested: int,
) -> Segment:
    parts = [every[group.first]] + ([every[group.second]] if group.second != group.first else [])
    seen, kept_back = (_counts(groups.members_of(columns, group), happened) for columns, happened in halves)
    hits, size, all_hits, n = kept_back
    codes = tuple(part.code for part in parts)
    low, high = _interval(*kept_back, level=settings.level / max(tested, 1))
    return Segment(
        codes,
        _words(parts),
        size + seen[1],
        size,
        hits / size,
        (all_hits - hits) / (n - size),
        _lift(*kept_back),
        (low, high),
        float(stats.hypergeom.sf(hits - 1, n, all_hits, size)),
        _lift(*seen),
    )


def _counts(mine: np.ndarray, happened: np.ndarray) -> tuple[int, int, int, int]:
    return int(happened[mine].sum()), int(mine.sum()), int(happened.sum()), len(happened)


def _lift(hits: int, size: int, all_hits: int, n: int) -> float:
    rest = (all_hits - hits) / (n - size)
    return hits / size / rest if rest else float("inf")


def _interval(hits: int, size: int, all_hits: int, n: int, *, level: float) -> tuple[float, float]:
    """Katz's log interval of a ratio of shares; half a case is added where a side has none."""
    a, b = max(hits, 0.5), max(all_hits - hits, 0.5)
    middle = np.log(a / size) - np.log(b / (n - size))
    half = stats.norm.isf(level / 2) * np.sqrt(1 / a - 1 / size + 1 / b - 1 / (n - size))
    return float(np.exp(middle - half)), float(np.exp(middle + half))


def _words(parts: list[Condition]) -> Words:
    named = conditions.NAMED.get(frozenset(part.code for part in parts))
    zh = "、".join(part.words.zh for part in parts) + "会员"
    en = "members who " + " and ".join(part.words.en for part in parts)
    return Words(f"{named.zh}（{zh}）", f"{named.en} ({en})") if named else Words(zh, en)
