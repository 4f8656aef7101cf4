"""The four indices of a community: percentiles among frozen peers, with intervals, or the reason why there is none."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from tongxin.compass.indices.facts import CommunityFacts
from tongxin.compass.indices.listing import COMPONENTS, INDICES
from tongxin.compass.indices.reference import LEAST_PEERS, Reference, frame_of
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

DRAWS, LEVEL = 200, 0.80
LEAST_MEMBERS, WIDEST = 20, 25.0
SEED = 20261122
#: a percentile never counts as less than this in the geometric mean
LEAST = 1.0

FEW_MEMBERS = Reason(
    "I1",
    "人太少：满 28 天的会员只有 {found} 位，至少要 {needed} 位。",
    "Too few people: {found} members of 28 days or more, at least {needed} are needed.",
    "等社群再长大一点。",
    "Wait until the community has grown.",
)
TOO_WIDE = Reason(
    "I2",
    "证据不够：区间宽 {width:.0f} 分，超过 {widest:.0f} 分。",
    "Not enough evidence: the interval is {width:.0f} points wide, more than {widest:.0f}.",
    "再积累一些活动和互动，或与同类社群合在一起看。",
    "Wait for more activity, or look at similar communities together.",
)
NO_DATA = Reason(
    "I3",
    "没有这项指数需要的数据。",
    "None of the data this index needs are there.",
    "补上活动、互动或内容的记录。",
    "Bring records of events, contacts or content.",
)
NO_PEERS = Reason(
    "I4",
    "同类社群太少，没有可比的参照。",
    "Too few similar communities to compare with.",
    "等有至少五个社群的季度，再固定一份参照。",
    "Freeze a reference in a quarter with at least five communities.",
)


@dataclass(frozen=True)
class ComponentValue:
    """One component: raw figure, after the pull, percentile, and the weight it had (0 where it was not known)."""

    code: str
    name: Words
    raw: float | None
    shrunk: float | None
    percentile: float | None
    weight: float


@dataclass(frozen=True)
class IndexValue:
    """One index. `value` is None with `reasons` where it is not shown; components always are."""

    index: str
    name: Words
    value: float | None
    ci: tuple[float, float] | None
    components: tuple[ComponentValue, ...]
    reasons: tuple[Reason, ...]
    notes: tuple[Words, ...]


@dataclass(frozen=True)
class CommunityIndices:
    """All four of one community, who its peers are and under which frozen reference."""

    community: str
    members: int
    peers: str | None
    reference: str
    reference_digest: str
    indices: tuple[IndexValue, ...]

    def of(self, index: str) -> IndexValue:
        """Return one index; KeyError if there is none."""
        return {row.index: row for row in self.indices}[index]


def run(facts: CommunityFacts, reference: Reference, *, draws: int = DRAWS) -> CommunityIndices:
    """Compute the indices of one community.

    Interval: Poisson bootstrap over members (never over messages); what each member did goes with them. The seed depends on
    the community's code only, so a value can be computed again.
    """
    cell = reference.cell_of(facts)
    n = len(facts.eligible)
    rng = np.random.Generator(np.random.PCG64([SEED, *_words_of(facts.code)]))
    weight = np.concatenate([np.ones((1, n)), rng.poisson(1.0, size=(draws, n))])
    frame = frame_of(facts, reference.tau, reference.share_cap, weight=weight)
    found = {component.code: component.figure(frame) if n else None for component in COMPONENTS}
    values = {
        code: reference.shrunk(facts.kind, code, figure)
        for code, figure in found.items()
        if figure is not None
    }
    placed = {
        code: reference.percentile(cell, code, value) if cell else np.full(value.shape, np.nan)
        for code, value in values.items()
    }
    return CommunityIndices(
        facts.code,
        n,
        cell,
        reference.name,
        reference.digest,
        tuple(
            _index(
                name,
                [
                    ComponentValue(
                        each.code,
                        each.name,
                        _plain(figure.raw[0]) if (figure := found[each.code]) is not None else None,
                        _plain(values[each.code][0]) if each.code in values else None,
                        _plain(placed[each.code][0]) if each.code in placed else None,
                        each.weight,
                    )
                    for each in COMPONENTS
                    if each.index == name
                ],
                placed,
                n,
                few=cell is not None and reference.counts[cell] < LEAST_PEERS,
                peers=cell is not None,
            )
            for name in INDICES
        ),
    )


def blend(placed: list[np.ndarray], weights: list[float]) -> np.ndarray:
    """Weighted geometric mean of percentiles; one of them alone cannot carry it."""
    whole = sum(weights)
    logs = [w * np.log(np.maximum(each, LEAST)) for each, w in zip(placed, weights, strict=True)]
    return np.exp(np.sum(logs, axis=0) / whole)


def _index(
    index: str, rows: list[ComponentValue], placed: dict[str, np.ndarray], n: int, *, few: bool, peers: bool
) -> IndexValue:
    known = [row for row in rows if row.percentile is not None]
    gone = [row for row in rows if row.percentile is None]
    whole = sum(row.weight for row in known)
    shown = tuple(
        ComponentValue(
            row.code,
            row.name,
            row.raw,
            row.shrunk,
            row.percentile,
            row.weight / whole if row in known and whole else 0.0,
        )
        for row in rows
    )
    notes = []
    if known and gone:
        zh, en = "、".join(row.name.zh for row in gone), ", ".join(row.name.en for row in gone)
        notes.append(
            Words(
                f"没有数据、已去掉并重新分配权重：{zh}",
                f"Left out for lack of data, weights renormalised: {en}",
            )
        )
    if few:
        notes.append(
            Words("参照的社群不到 20 个，只作参考", "Fewer than 20 peers stand behind this: indicative only")
        )
    reasons = []
    if n < LEAST_MEMBERS:
        reasons.append(FEW_MEMBERS.filled(found=n, needed=LEAST_MEMBERS))
    if not known:
        reasons.append(NO_DATA if peers else NO_PEERS)
        return IndexValue(index, INDICES[index], None, None, shown, tuple(reasons), tuple(notes))
    drawn = blend([placed[row.code] for row in known], [row.weight for row in known])
    tail = (1 - LEVEL) / 2
    low, high = (float(end) for end in np.nanquantile(drawn[1:], [tail, 1 - tail]))
    if high - low > WIDEST:
        reasons.append(TOO_WIDE.filled(width=high - low, widest=WIDEST))
    value = None if reasons else float(drawn[0])
    return IndexValue(
        index,
        INDICES[index],
        value,
        (low, high) if not reasons else None,
        shown,
        tuple(reasons),
        tuple(notes),
    )


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _words_of(code: str) -> list[int]:
    """A community's code as whole numbers for the seed; the same on every machine."""
    digest = hashlib.sha256(code.encode()).digest()
    return [int.from_bytes(digest[at : at + 4], "little") for at in (0, 4, 8, 12)]
