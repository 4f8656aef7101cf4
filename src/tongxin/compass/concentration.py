"""How much of it do the few bring: top share ranked afterwards, beforehand and incremental, and "10 % bring 70 %".

Whoever is ranked on the outcome itself always looks concentrated: part of the top is luck that does not come again. The
verdict therefore stands on members ranked by the first period and measured in the second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.inequality import Curve, Ranking, lorenz, palma
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

TOP, CLAIM = 0.10, 0.70
DRAWS, SHUFFLES = 1000, 200
LEVEL = 0.95
#: the shares of shuffled ranks must lie within this of the top share itself
PLACEBO_WITHIN = 0.02
SUPPORTED, NOT_SUPPORTED, UNDECIDED, REFUSED = "supported", "not_supported", "undecided", "cannot_be_said"

SMALL_TOTAL = Reason(
    "C1",
    "总额太小：净变化 {total:.0f} 不到其标准误 {se:.0f} 的两倍，占比没有意义。",
    "The total is too small: a net change of {total:.0f} is less than twice its standard error of {se:.0f}, so a share means nothing.",
    "看毛增长占比，或等更长的时间。",
    "Read the share of gross gains, or wait for a longer period.",
)
NO_TOTAL = Reason(
    "C2",
    "这段时间总额为零，占比没有分母。",
    "Nothing happened in this period, so the share has no denominator.",
    "换一段有数据的时间。",
    "Take a period with data.",
)
SHRANK = Reason(
    "C4",
    "总体在下降（净变化 {total:.0f}），没有增长可分。",
    "The whole shrank (net change {total:.0f}), so there is no growth to take a share of.",
    "看毛增长占比。",
    "Read the share of gross gains.",
)
NO_CONTROL = Reason(
    "C3",
    "还没有对照组的估计，不知道其中多少是他们带来的增量。",
    "There is no matched-control estimate yet, so nobody knows how much of it is incremental.",
    "用商业罗盘对头部会员和其他会员各做一次有对照组的研究。",
    "Run a study with a control group for the top members and for the others.",
)

CLAIM_WORDS: Mapping[str, Words] = {
    SUPPORTED: Words("成立", "supported"),
    NOT_SUPPORTED: Words("不成立", "not supported"),
    UNDECIDED: Words("还不能确定", "undecided"),
    REFUSED: Words("无法判断", "cannot be said"),
}


@dataclass(frozen=True)
class Share:
    """A share with its interval, or the reason why there is none."""

    value: float | None
    ci: tuple[float, float] | None
    reason: Reason | None = None


@dataclass(frozen=True)
class Increment:
    """What a study with controls found for the top members and for the others: estimate and standard error, independent."""

    top: float
    top_se: float
    rest: float
    rest_se: float


@dataclass(frozen=True)
class Concentration:
    """One measure. `ex_post` is A, `ex_ante` B, `incremental` C; the curve and the figures are of the second period.

    Attributes
    ----------
    lorenz : array, shape (points, 2)
        Cumulative share of members (poorest first) and of the measure.
    palma : float or None
        Top 10 % over bottom 40 %; None where those bring nothing.
    absence : int
        Fewest people who bring half (contributor absence factor).
    placebo : (mean, low, high)
        Top share under shuffled first-period ranks; `placebo_holds` if the mean is within .02 of the top share.
    gross : Share or None
        For a signed measure: the top's share of gains, beforehand ranks.
    """

    measure: str
    members: int
    total: float
    ex_post: Share
    ex_ante: Share
    incremental: Share
    gross: Share | None
    gini: Share
    palma: float | None
    absence: int
    absence_ci: tuple[int, int]
    lorenz: np.ndarray
    placebo: tuple[float, float, float]
    placebo_holds: bool
    verdict: str
    words: Words


def measure(
    name: str,
    before: np.ndarray,
    after: np.ndarray,
    rng: np.random.Generator,
    *,
    signed: bool = False,
    increment: Increment | None = None,
    top: float = TOP,
    claim: float = CLAIM,
    draws: int = DRAWS,
) -> Concentration:
    """Measure how concentrated something is.

    Parameters
    ----------
    name : str
    before, after : arrays, shape (members,)
        What each member brought in the first and in the second period, the same members in the same order. Members are
        put into an order of their own first, so the order of rows does not matter.
    rng : numpy Generator
    signed : bool
        Growth: `after` may be negative. The net share may exceed 100 % and is refused when the total is smaller than two
        standard errors or is a loss; Gini, Palma, Lorenz and absence then describe gains only.
    increment : Increment, optional
        Definition C.

    Raises
    ------
    BadInput
        For arrays of different shape, no members, values that are not finite, or negative ones where not signed.
    """
    x, y = _ordered(before, after, signed=signed)
    gains = np.maximum(y, 0)
    curve = Curve.of(gains)
    rankings = {"post": Ranking.of(y), "ante": Ranking.of(x)}
    drawn = _bootstrap(rankings, y, gains=gains, curve=curve, rng=rng, top=top, draws=draws)
    refused = _refusal(y, signed=signed)
    shares = {
        kind: Share(ranking.top_share(y, top), _ends(drawn[kind]))
        if refused is None
        else Share(None, None, refused)
        for kind, ranking in rankings.items()
    }
    nothing = Share(None, None, NO_TOTAL)
    moved = bool(gains.any())
    gross = Share(rankings["ante"].top_share(gains, top), _ends(drawn["gross"])) if moved else nothing
    spread = Share(curve.gini(), _ends(drawn["gini"])) if moved else nothing
    placebo = _placebo(x, gains, rng, top)
    few, many = np.quantile(drawn["absence"], [0.025, 0.975])
    verdict = _verdict(shares["ante"], claim)
    return Concentration(
        name,
        len(x),
        float(y.sum()),
        shares["post"],
        shares["ante"],
        incremental_share(increment),
        gross if signed else None,
        spread,
        palma(gains),
        curve.absence(),
        (math.floor(few), math.ceil(many)),
        lorenz(gains),
        placebo,
        abs(placebo[0] - top) <= PLACEBO_WITHIN,
        verdict,
        _words(shares["ante"], shares["post"], verdict, top, claim),
    )


def incremental_share(found: Increment | None, *, z: float = 1.959963984540054) -> Share:
    """Definition C: the top's part of the incremental total, interval by Fieller (1954) for a ratio.

    Refused without a study, or when the incremental total is smaller than two standard errors.
    """
    if found is None:
        return Share(None, None, NO_CONTROL)
    total, var_top = found.top + found.rest, found.top_se**2
    var_total = var_top + found.rest_se**2
    if abs(total) < 2 * math.sqrt(var_total) or total == 0:
        return Share(None, None, SMALL_TOTAL.filled(total=total, se=math.sqrt(var_total)))
    a = total**2 - z**2 * var_total
    b = found.top * total - z**2 * var_top
    c = found.top**2 - z**2 * var_top
    root = math.sqrt(max(0.0, b**2 - a * c))
    return Share(found.top / total, ((b - root) / a, (b + root) / a))


def _ordered(before: np.ndarray, after: np.ndarray, *, signed: bool) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if x.shape != y.shape or x.ndim != 1 or not len(x):
        raise BadInput.one("before, after", f"{x.shape} and {y.shape}", ("one value a member in both",))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise BadInput.one("before, after", "not finite", ("finite numbers",))
    if not signed and min(x.min(), y.min()) < 0:
        raise BadInput.one("before, after", "negative", ("zero or more", "signed=True for growth"))
    order = np.lexsort((y, x))
    return x[order], y[order]


def _refusal(y: np.ndarray, *, signed: bool) -> Reason | None:
    """Nothing at all; a net change smaller than two standard errors (members drawn at random); or a net loss."""
    if not y.any():
        return NO_TOTAL
    if not signed:
        return None
    total, se = float(y.sum()), math.sqrt(len(y)) * float(np.std(y, ddof=1)) if len(y) > 1 else math.inf
    if abs(total) < 2 * se:
        return SMALL_TOTAL.filled(total=total, se=se)
    return SHRANK.filled(total=total) if total < 0 else None


def _bootstrap(
    rankings: Mapping[str, Ranking],
    y: np.ndarray,
    *,
    gains: np.ndarray,
    curve: Curve,
    rng: np.random.Generator,
    top: float,
    draws: int,
) -> dict[str, list[float]]:
    """Draw members with replacement; one draw serves all figures, so memory does not grow with the draws."""
    found: dict[str, list[float]] = {name: [] for name in (*rankings, "gross", "gini", "absence")}
    even = np.full(len(y), 1 / len(y))
    for _ in range(draws):
        counts = rng.multinomial(len(y), even).astype(float)
        for kind, ranking in rankings.items():
            found[kind].append(ranking.top_share(y, top, counts))
        found["gross"].append(rankings["ante"].top_share(gains, top, counts))
        found["gini"].append(curve.gini(counts))
        found["absence"].append(curve.absence(counts))
    return found


def _placebo(
    x: np.ndarray, gains: np.ndarray, rng: np.random.Generator, top: float
) -> tuple[float, float, float]:
    """Top share when first-period ranks are shuffled: mean and 95 % of the shuffles."""
    if not gains.any():
        return math.nan, math.nan, math.nan
    ranking = Ranking.of(x)
    shares = [ranking.top_share(rng.permutation(gains), top) for _ in range(SHUFFLES)]
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(np.mean(shares)), float(low), float(high)


def _ends(drawn: list[float]) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _verdict(share: Share, claim: float) -> str:
    if share.ci is None:
        return REFUSED
    low, high = share.ci
    return SUPPORTED if low >= claim else NOT_SUPPORTED if high < claim else UNDECIDED


def _words(ante: Share, post: Share, verdict: str, top: float, claim: float) -> Words:
    said = CLAIM_WORDS[verdict]
    if ante.ci is None or ante.value is None or post.value is None:
        why = ante.reason or NO_TOTAL
        return Words(
            f"“{top:.0%} 带来 {claim:.0%}”：{said.zh}。{why.zh}",
            f'"{top:.0%} bring {claim:.0%}": {said.en}. {why.en}',
        )
    low, high = ante.ci
    return Words(
        f"“{top:.0%} 带来 {claim:.0%}”{said.zh}：事先排出的前 {top:.0%} 带来了 {ante.value:.1%}"
        f"（区间 {low:.1%}～{high:.1%}）；事后再排是 {post.value:.1%}，其中一部分只是运气。",
        f'"{top:.0%} bring {claim:.0%}" is {said.en}: the {top:.0%} ranked beforehand brought {ante.value:.1%} '
        f"(interval {low:.1%} to {high:.1%}); ranked afterwards it is {post.value:.1%}, part of which is luck.",
    )
