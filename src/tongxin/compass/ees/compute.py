"""The index of every store: value, interval, rank interval, or the reason why there is none."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from tongxin.compass.ees import ranks, scores
from tongxin.compass.ees.indicators import Facts
from tongxin.compass.ees.ranks import Ranks
from tongxin.compass.ees.scores import Pulled
from tongxin.compass.ees.versions import Version
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

FEW_ANSWERS = Reason(
    "EES1",
    "回答太少：随机抽样只有 {found} 位会员回答，至少要 {needed} 位。",
    "Too few answers: {found} randomly asked members answered, at least {needed} are needed.",
    "再随机邀请约 {more} 位会员回答；自愿填写的回答另列，不计入。",
    "Ask about {more} more members at random; volunteers' answers are shown apart and do not count.",
)
FEW_DIMENSIONS = Reason(
    "EES2",
    "维度太少：五个维度只有 {found} 个有数据，至少要 {needed} 个。",
    "Too few sides: {found} of the five dimensions have data, at least {needed} are needed.",
    "补上缺少的数据：{lacking}。",
    "Bring the data that are missing: {lacking}.",
)


@dataclass(frozen=True)
class IndicatorValue:
    """One indicator of one store: own value with standard error, what is left after the pull, the score of 0–100."""

    code: str
    value: float | None
    se: float | None
    shrunk: float | None
    score: float | None
    members: int


@dataclass(frozen=True)
class StoreValue:
    """One store. `value` is None with `reasons` where the index is not published."""

    store: str
    value: float | None
    ci: tuple[float, float] | None
    arithmetic: float | None
    rank: tuple[float, float, float] | None
    dimensions: Mapping[str, float | None]
    indicators: tuple[IndicatorValue, ...]
    answers: int
    asked: int | None
    response_rate: float | None
    volunteers: tuple[int, float] | None
    reasons: tuple[Reason, ...]
    warnings: tuple[Words, ...]


@dataclass(frozen=True)
class Result:
    """All stores under one version. `digest` covers everything that is published."""

    version: str
    version_digest: str
    input_digest: str
    as_of: str
    level: float
    stores: tuple[StoreValue, ...]
    robust_share: float | None
    ranks: Ranks | None

    def of(self, store: str) -> StoreValue:
        """Return one store; KeyError if there is none."""
        return {row.store: row for row in self.stores}[store]

    def as_json(self) -> dict[str, object]:
        """Plain values, floats written so that they read back to the same bits."""
        return {
            "schema": "tongxin.ees/1",
            "version": self.version,
            "version_digest": self.version_digest,
            "input_digest": self.input_digest,
            "as_of": self.as_of,
            "level": self.level,
            "robust_share": self.robust_share,
            "stores": [asdict(row) for row in self.stores],
        }

    @property
    def digest(self) -> str:
        """SHA-256 of `as_json`: two runs agree bit by bit exactly when these agree."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, allow_nan=False)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def run(facts: Facts, version: Version) -> Result:
    """Compute the index of every store from facts and a version, and nothing else: no clock, no other seed.

    Returns
    -------
    Result
        The same facts and version give the same bits, in whatever order rows came.
    """
    pulled = {formula: scores.pull(rows, len(facts.stores)) for formula, rows in sorted(facts.rows.items())}
    values = np.full((len(facts.stores), len(version.indicators)), np.nan)
    for column, indicator in enumerate(version.indicators):
        if indicator.formula in pulled:
            values[:, column] = pulled[indicator.formula].shrunk
    scored = scores.goalposts(version, values)
    sides = scores.dimensions(version, scored)
    drawn = scores.replicates(facts, version, pulled)
    weights = np.array([dimension.weight for dimension in version.dimensions])
    spread = scores.aggregate(
        scores.dimensions(version, scores.goalposts(version, drawn)),
        weights,
        version.aggregation,
        version.least,
    )
    reasons = [_reasons(facts, version, place, sides[place]) for place in range(len(facts.stores))]
    open_ = [place for place in range(len(facts.stores)) if not reasons[place]]
    ranked = (
        ranks.run(version, tuple(facts.stores[place] for place in open_), values[open_], drawn[:, open_])
        if open_
        else None
    )
    rows = tuple(
        _store(
            facts,
            version,
            place,
            pulled,
            scored[place],
            sides[place],
            spread[:, place],
            reasons[place],
            ranked,
        )
        for place in range(len(facts.stores))
    )
    return Result(
        version.name,
        version.digest,
        facts.digest,
        facts.as_of,
        version.bootstrap["level"],
        rows,
        ranked.robust_share if ranked else None,
        ranked,
    )


def _reasons(facts: Facts, version: Version, place: int, sides: np.ndarray) -> tuple[Reason, ...]:
    found = []
    answers = int(facts.answers[place])
    if answers < version.least_answers:
        asked = facts.asked.get(facts.stores[place], 0)
        rate = answers / asked if asked and answers else 1 / 3
        more = math.ceil((version.least_answers - answers) / rate)
        found.append(FEW_ANSWERS.filled(found=answers, needed=version.least_answers, more=more))
    there = int(np.isfinite(sides).sum())
    if there < version.least_dimensions:
        lacking = [
            d.name for d, side in zip(version.dimensions, sides, strict=True) if not math.isfinite(side)
        ]
        found.append(
            Reason(
                FEW_DIMENSIONS.code,
                FEW_DIMENSIONS.zh.format(found=there, needed=version.least_dimensions),
                FEW_DIMENSIONS.en.format(found=there, needed=version.least_dimensions),
                FEW_DIMENSIONS.cure_zh.format(lacking="、".join(name.zh for name in lacking)),
                FEW_DIMENSIONS.cure_en.format(lacking=", ".join(name.en for name in lacking)),
            )
        )
    return tuple(found)


def _store(  # noqa: PLR0917 - the pieces of one row, put together in one place
    facts: Facts,
    version: Version,
    place: int,
    pulled: Mapping[str, Pulled],
    scored: np.ndarray,
    sides: np.ndarray,
    spread: np.ndarray,
    reasons: tuple[Reason, ...],
    ranked: Ranks | None,
) -> StoreValue:
    store = facts.stores[place]
    shown = not reasons
    tail = (1 - version.bootstrap["level"]) / 2
    ends = np.quantile(spread, [tail, 1 - tail]) if shown else None
    answers, asked = int(facts.answers[place]), facts.asked.get(store)
    rate = answers / asked if asked else None
    return StoreValue(
        store,
        scores.point(version, sides, version.aggregation) if shown else None,
        (round(float(ends[0]), version.decimals), round(float(ends[1]), version.decimals))
        if ends is not None
        else None,
        scores.point(version, sides, "arithmetic") if shown else None,
        ranked.interval[store] if ranked and shown else None,
        {
            dimension.code: _rounded(side, version.decimals)
            for dimension, side in zip(version.dimensions, sides, strict=True)
        },
        tuple(
            _indicator(each.code, pulled.get(each.formula), place, scored[column], version.decimals)
            for column, each in enumerate(version.indicators)
        ),
        answers,
        asked,
        _rounded(rate, version.decimals),
        facts.volunteers.get(store),
        reasons,
        tuple(_warnings(version, sides, scored, rate)),
    )


def _indicator(code: str, found: Pulled | None, place: int, score: float, decimals: int) -> IndicatorValue:
    if found is None:
        return IndicatorValue(code, None, None, None, None, 0)
    return IndicatorValue(
        code,
        _rounded(found.ratio[place], decimals + 2),
        _rounded(found.se[place], decimals + 2),
        _rounded(found.shrunk[place], decimals + 2),
        _rounded(score, decimals),
        int(found.members[place]),
    )


def _warnings(version: Version, sides: np.ndarray, scored: np.ndarray, rate: float | None) -> list[Words]:
    found = []
    gone = [d.name for d, side in zip(version.dimensions, sides, strict=True) if not math.isfinite(side)]
    if gone:
        found.append(
            Words(
                f"缺少维度，未作填补，其余维度的权重按比例放大：{'、'.join(name.zh for name in gone)}",
                f"Missing and not filled in; the weights of the others were scaled up: {', '.join(n.en for n in gone)}",
            )
        )
    parts = [
        each.code
        for each, score, alive in zip(version.indicators, scored, _alive(version, sides), strict=True)
        if alive and not math.isfinite(score)
    ]
    if parts:
        names = ", ".join(parts)
        found.append(
            Words(f"维度内缺少指标，用其余指标计算：{names}", f"Computed without these indicators: {names}")
        )
    if rate is None:
        found.append(
            Words(
                "不知道发出了多少邀请，回答率未知",
                "How many were asked is not known, so the response rate is not either",
            )
        )
    elif rate < version.response_rate_warning:
        found.append(
            Words(
                f"回答率只有 {rate:.0%}，没回答的人可能不一样",
                f"Only {rate:.0%} answered; the others may differ",
            )
        )
    return found


def _alive(version: Version, sides: np.ndarray) -> list[bool]:
    return [
        math.isfinite(side)
        for dimension, side in zip(version.dimensions, sides, strict=True)
        for _ in dimension.indicators
    ]


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), decimals)
