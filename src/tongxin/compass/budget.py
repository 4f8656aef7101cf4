"""How a budget is split over the rings: where the next yuan brings the same everywhere, exact to the fen.

A ring of N members answers money b (yuan a member) with A (1 − e^(−b/k)): A is what it can bring at most, k how soon it is
full. Both come from holdouts, never from correlations. Before there is such evidence the split is a convention and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tongxin.compass.apportion import hand_out, to_whole
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

#: outer / middle / inner before there is evidence
CONVENTION: Mapping[str, Fraction] = {
    "outer": Fraction(30, 100),
    "middle": Fraction(45, 100),
    "inner": Fraction(25, 100),
}
FLOOR = Fraction(15, 100)
EXPLORE = Fraction(10, 100)
_HALVINGS = 200


@dataclass(frozen=True)
class Response:
    """How one ring answers money, from a holdout: `ceiling` A and `scale` k, yuan a member."""

    ring: str
    members: int
    ceiling: float
    scale: float


@dataclass(frozen=True)
class Split:
    """A budget in fen. `rings`, `explore` and `unspent` add up to the budget exactly.

    Attributes
    ----------
    price : float or None
        μ: what one more yuan would bring beyond itself; 0 where more money would not pay back.
    marginal : mapping of ring to float
        What the next yuan brings in each ring (A/k · e^(−b/k)); equal, 1 + μ, in every ring above its floor.
    at_floor : tuple of str
        Rings that get more than their evidence asks for, because of the floor.
    """

    rings: Mapping[str, int]
    explore: int
    unspent: int
    evidence: bool
    price: float | None
    marginal: Mapping[str, float]
    at_floor: tuple[str, ...]
    words: Words


def split(
    budget_fen: int,
    responses: Sequence[Response] = (),
    *,
    rings: Sequence[str] = tuple(CONVENTION),
    floor: Fraction = FLOOR,
    explore: Fraction = EXPLORE,
    shares: Mapping[str, Fraction] | None = None,
) -> Split:
    """Split a budget over rings.

    Parameters
    ----------
    budget_fen : int
    responses : sequence of Response
        Used only if every ring has one; otherwise the convention 30/45/25 is used (equal parts for rings it does not know).
    floor : Fraction
        Least share of the budget for each ring; keeps a ring alive whose effect is not well known.
    explore : Fraction
        Share set aside for randomised trials of other amounts, without which A and k would never be learnt.
    shares : mapping of ring to Fraction, optional
        What is agreed on until there is evidence, in place of the convention; one for each ring.

    Raises
    ------
    BadInput
        For a negative budget, shares that do not fit, doubled rings, or A, k, N that are not positive.
    """
    _check(budget_fen, responses, rings, floor, explore)
    if shares and (set(shares) != set(rings) or min(shares.values()) < 0 or sum(shares.values()) <= 0):
        raise BadInput.one("shares", ", ".join(sorted(shares)), tuple(rings))
    parts = hand_out(budget_fen, {"explore": explore, "rings": 1 - explore})
    measured = {row.ring: row for row in responses}
    least = _floors(budget_fen, rings, floor)
    if set(measured) != set(rings):
        return _by_agreement(parts, rings, least, shares) if shares else _by_convention(parts, rings, least)
    return _by_evidence(parts, [measured[ring] for ring in sorted(rings)], least)


def best(
    responses: Sequence[Response], yuan: float, least: Mapping[str, float]
) -> tuple[dict[str, float], float]:
    """Maximise Σ N (A(1 − e^(−b/k)) − b) subject to Σ N b ≤ yuan and N b ≥ least, in yuan.

    b = max(least/N, k ln(A/(k (1+μ)))); μ ≥ 0 by bisection on ln(1+μ), until the money is spent or μ is 0.

    Returns
    -------
    (spend by ring in yuan, μ)
    """

    def spend(log_price: float) -> dict[str, float]:
        return {
            row.ring: max(
                least[row.ring],
                row.members * row.scale * max(0.0, math.log(row.ceiling / row.scale) - log_price),
            )
            for row in responses
        }

    if math.fsum(spend(0.0).values()) <= yuan:
        return spend(0.0), 0.0
    low, high = 0.0, max(math.log(row.ceiling / row.scale) for row in responses)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if math.fsum(spend(middle).values()) > yuan:
            low = middle
        else:
            high = middle
    return spend(high), math.expm1(high)


def _by_evidence(parts: Mapping[str, int], rows: Sequence[Response], least: Mapping[str, int]) -> Split:
    spend, price = best(rows, parts["rings"] / 100, {ring: fen / 100 for ring, fen in least.items()})
    wanted = {ring: max(Fraction(least[ring]), Fraction(yuan) * 100) for ring, yuan in spend.items()}
    total = parts["rings"] if price > 0 else min(parts["rings"], int(sum(wanted.values(), Fraction(0))))
    fen = _whole(wanted, least, total)
    per = {row.ring: spend[row.ring] / row.members for row in rows}
    marginal = {row.ring: row.ceiling / row.scale * math.exp(-per[row.ring] / row.scale) for row in rows}
    floors = tuple(ring for ring in fen if marginal[ring] < (1 + price) * (1 - 1e-9))
    left = parts["rings"] - total
    words = Words(
        f"按对照实验的结果分配：再多花 1 元，各圈层都多带来 {1 + price:.2f} 元。"
        if price > 0
        else "按对照实验的结果分配；剩下的钱再投也收不回来，留着不花。",
        f"Split by holdout evidence: one more yuan brings {1 + price:.2f} in every ring."
        if price > 0
        else "Split by holdout evidence; more money would not pay back, so the rest is kept.",
    )
    return Split(fen, parts["explore"], left, True, price, marginal, floors, words)


def _whole(wanted: Mapping[str, Fraction], least: Mapping[str, int], total: int) -> dict[str, int]:
    """Whole fen that add up to `total`, each at its floor or above: what lies above the floors is divided in proportion."""
    above = {ring: wanted[ring] - least[ring] for ring in wanted}
    free = total - sum(least.values())
    whole = sum(above.values(), Fraction(0))
    if not whole:
        return {ring: least[ring] + part for ring, part in hand_out(free, dict.fromkeys(above, 1)).items()}
    parts = to_whole({ring: free * part / whole for ring, part in above.items()})
    return {ring: least[ring] + parts[ring] for ring in parts}


def _by_convention(parts: Mapping[str, int], rings: Sequence[str], least: Mapping[str, int]) -> Split:
    known = set(rings) <= set(CONVENTION)
    weights = {ring: CONVENTION[ring] if known else Fraction(1) for ring in rings}
    fen, short = _weighed(parts["rings"], weights, least)
    words = Words(
        "还没有对照实验的结果，先按惯例分配（外圈 30%、中圈 45%、内圈 25%）；先用探索金做随机试验。"
        if known
        else "还没有对照实验的结果，各圈层先平分；先用探索金做随机试验。",
        "No holdout evidence yet: split by convention (outer 30 %, middle 45 %, inner 25 %); use the exploration "
        "money for a randomised trial first."
        if known
        else "No holdout evidence yet: equal parts; use the exploration money for a randomised trial first.",
    )
    return Split(fen, parts["explore"], 0, False, None, {}, short, words)


def _by_agreement(
    parts: Mapping[str, int], rings: Sequence[str], least: Mapping[str, int], shares: Mapping[str, Fraction]
) -> Split:
    fen, short = _weighed(parts["rings"], {ring: shares[ring] for ring in rings}, least)
    words = Words(
        "还没有对照实验的结果，先按圈层规则里的比例分配；先用探索金做随机试验。",
        "No holdout evidence yet: split by the shares of the rings' policy; use the exploration money for a randomised trial "
        "first.",
    )
    return Split(fen, parts["explore"], 0, False, None, {}, short, words)


def _weighed(
    total: int, weights: Mapping[str, Fraction], least: Mapping[str, int]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """By weights, exact to the fen; where a floor would be missed, the floors first and the rest by weights."""
    fen = hand_out(total, weights)
    short = {ring for ring in weights if fen[ring] < least[ring]}
    if short:  # possible only with other shares than the default ones
        free = total - sum(least.values())
        fen = {ring: least[ring] + part for ring, part in hand_out(free, weights).items()}
    return fen, tuple(sorted(short))


def _floors(budget_fen: int, rings: Sequence[str], floor: Fraction) -> dict[str, int]:
    return {ring: int(budget_fen * floor) for ring in sorted(rings)}


def _check(
    budget_fen: int, responses: Sequence[Response], rings: Sequence[str], floor: Fraction, explore: Fraction
) -> None:
    if budget_fen < 0:
        raise BadInput.one("budget_fen", str(budget_fen), ("zero or more",))
    if not rings or len(set(rings)) != len(rings):
        raise BadInput.one("rings", "none, or one twice", ("distinct rings",))
    if len({row.ring for row in responses}) != len(responses) or {row.ring for row in responses} - set(rings):
        raise BadInput.one("responses", "a ring twice, or one that is not asked for", tuple(rings))
    if not 0 <= explore <= 1 or floor < 0 or floor * len(rings) + explore > 1:
        raise BadInput.one("floor, explore", "do not fit into the budget", ("rings × floor + explore ≤ 1",))
    for row in responses:
        if row.members < 1 or not (0 < row.ceiling < math.inf and 0 < row.scale < math.inf):
            raise BadInput.one(
                f"responses.{row.ring}", "members, ceiling or scale not positive", ("positive",)
            )
