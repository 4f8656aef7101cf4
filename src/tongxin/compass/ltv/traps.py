"""What makes a forecast of value wrong: each trap found is named, with what it does and what would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tongxin.compass.ltv.bg_nbd import BgNbd
from tongxin.compass.ltv.gamma_gamma import GammaGamma
from tongxin.compass.ltv.purchases import Purchases
from tongxin.compass.sentence import Words

#: condition number of the information in log-parameters above which a, b, r, α cannot be told apart
WEAK = 1e6
#: correlation of frequency and value beyond which gamma-gamma's independence is in doubt
TOGETHER = 0.3
#: share of members who may have bought before the data begin
TRUNCATED = 0.2

Weight = Literal["refuses", "warns", "told"]


@dataclass(frozen=True)
class Trap:
    """One trap: `refuses` takes the number away, `warns` stands beside it, `told` is how the data were prepared."""

    code: str
    weight: Weight
    words: Words

    @property
    def refuses(self) -> bool:
        """Whether there is no number because of it."""
        return self.weight == "refuses"


def _trap(code: str, weight: Weight, zh: str, en: str) -> Trap:
    return Trap(code, weight, Words(zh, en))


def in_purchases(bought: Purchases, x: np.ndarray, age: np.ndarray, lapse_days: int) -> list[Trap]:
    """Look at the data before anything is fitted.

    Parameters
    ----------
    bought : Purchases
    x, age : int arrays, shape (members,)
        Repeat purchase days and days observed, members with age 0 still in.
    lapse_days : int
    """
    found = []
    if bought.merged_orders:
        n = bought.merged_orders
        found.append(
            _trap(
                "same_day",
                "told",
                f"同一天的 {n:,} 笔重复订单并作一次购买。",
                f"{n:,} further orders on the same day were merged into one purchase.",
            )
        )
    if bought.refunded_orders:
        n = bought.refunded_orders
        found.append(
            _trap(
                "refunds",
                "told",
                f"{n:,} 笔订单退款或抵扣后为 0 元，不算购买；其余退款从消费额里扣除。",
                f"{n:,} orders worth nothing after refunds are no purchases; other refunds are netted from the spend.",
            )
        )
    new = int((age <= 0).sum())
    if new:
        found.append(
            _trap(
                "no_time",
                "told",
                f"{new:,} 位会员最后一天才第一次购买，还没有观察时间，不参与拟合。",
                f"{new:,} members first bought on the last day: no time to observe, left out of the fit.",
            )
        )
    if not (x[age > 0] > 0).any():
        found.append(
            _trap(
                "no_repeats",
                "refuses",
                "没有人买过第二次，无法预测购买频率。等有复购再来。",
                "Nobody bought twice, so frequency cannot be forecast. Wait for repeat purchases.",
            )
        )
    early = _before_the_data(bought, lapse_days)
    if early > TRUNCATED:
        found.append(
            _trap(
                "left_truncation",
                "warns",
                f"{early:.0%} 的会员可能在数据开始之前就买过：他们的购买频率会偏高，流失会偏低。补上更早的订单会更准。",
                f"{early:.0%} of the members may have bought before the data begin: their rate is biased upwards. "
                "Earlier orders would help.",
            )
        )
    return found


def _before_the_data(bought: Purchases, lapse_days: int) -> float:
    """Share of members who registered before the data, or else bought within one lapse of their beginning."""
    registered = bought.registered >= 0
    start = bought.cut.start
    old = np.where(registered, bought.registered < start, bought.first <= start + lapse_days)
    return float(old.mean())


def in_bg_nbd(model: BgNbd) -> list[Trap]:
    """Look at a fitted BG/NBD."""
    if model.converged and model.condition <= WEAK:
        return []
    size = "∞" if not np.isfinite(model.condition) else f"{model.condition:.1e}"
    return [
        _trap(
            "weak_identification",
            "refuses",
            f"数据分不清“不再来”和“买得少”（条件数 {size}，上限 {WEAK:.0e}）：几乎人人都还在买，或观察太短。",
            f"The data cannot tell leaving from buying rarely (condition number {size}, limit {WEAK:.0e}): nearly everybody "
            "still buys, or the time is too short.",
        )
    ]


def in_means(x: np.ndarray, mean: np.ndarray) -> list[Trap]:
    """Look at the mean values of repeat purchases before gamma-gamma is fitted."""
    bad = int(((x > 0) & ~(mean > 0)).sum())
    good = int(((x > 0) & (mean > 0)).sum())
    found = []
    if bad:
        found.append(
            _trap(
                "non_positive_means",
                "warns",
                f"{bad:,} 位会员退款后的平均消费不为正，金额模型不含他们。",
                f"{bad:,} members have no positive mean after refunds and are left out of the value model.",
            )
        )
    if good < 2:
        found.append(
            _trap(
                "no_means",
                "refuses",
                "没有足够的复购金额，无法预测每次消费额。",
                "Too few repeat purchases with a positive value to forecast their size.",
            )
        )
    return found


def in_gamma_gamma(model: GammaGamma) -> list[Trap]:
    """Look at a fitted gamma-gamma."""
    found = []
    if model.q <= 1:
        found.append(
            _trap(
                "infinite_mean",
                "refuses",
                f"金额模型的均值无限大（q = {model.q:.2f} ≤ 1）：少数极大的消费压住了其余，不给金额预测。",
                f"The value model has an infinite mean (q = {model.q:.2f} ≤ 1): a few huge purchases rule; no value is forecast.",
            )
        )
    elif not model.converged or model.condition > WEAK:
        found.append(
            _trap(
                "weak_value",
                "refuses",
                "金额模型的参数分不清，不给金额预测。",
                "The parameters of the value model cannot be told apart; no value is forecast.",
            )
        )
    if abs(model.correlation) > TOGETHER:
        found.append(
            _trap(
                "value_and_frequency",
                "warns",
                f"买得多的人每次花得也{'多' if model.correlation > 0 else '少'}（相关 {model.correlation:.2f}）：金额模型假定两者无关，"
                "常客的价值会算偏。",
                f"Frequency and value go together (correlation {model.correlation:.2f}), which the value model assumes away: "
                "the value of frequent buyers is biased.",
            )
        )
    return found
