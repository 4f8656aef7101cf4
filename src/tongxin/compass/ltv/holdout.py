"""Would it have been right? A forecast is made from the early part and held against months it has not seen.

It has to beat what anybody can do without a model: each member's own past rate, and the same days of last year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.ltv import bg_nbd, histories
from tongxin.compass.ltv.bg_nbd import BgNbd
from tongxin.compass.ltv.purchases import YEAR, Purchases
from tongxin.compass.sentence import Words

#: how far the total may be off
BIAS = 0.05


@dataclass(frozen=True)
class Tracked:
    """One month of the held-out time, cumulative: what was expected and what came."""

    month: int
    expected: float
    actual: int


@dataclass(frozen=True)
class Holdout:
    """How the forecast did on unseen days; every error is in purchase days a member."""

    days: int
    members: int
    expected: float
    actual: int
    mae: float
    mae_own_rate: float
    mae_last_year: float | None
    tracking: tuple[Tracked, ...]

    @property
    def bias(self) -> float:
        """Expected over actual total, less 1 (nan where nobody bought)."""
        return self.expected / self.actual - 1 if self.actual else float("nan")

    @property
    def within(self) -> bool:
        """Whether the total is within 5 %."""
        return bool(abs(self.bias) <= BIAS)

    @property
    def baseline(self) -> tuple[str, float]:
        """The better of the naive forecasts, and its error."""
        if self.mae_last_year is not None and self.mae_last_year < self.mae_own_rate:
            return "last_year", self.mae_last_year
        return "own_rate", self.mae_own_rate

    @property
    def beats(self) -> bool:
        """Whether the model's error is smaller than the better naive one's."""
        return self.mae < self.baseline[1]

    @property
    def words(self) -> Words:
        """The verdict in a sentence."""
        names = {
            "last_year": Words("去年同期", "the same days of last year"),
            "own_rate": Words("自己过去的频率", "their own past rate"),
        }
        name, error = names[self.baseline[0]], self.baseline[1]
        bias = f"{'+' if self.bias >= 0 else '−'}{abs(self.bias):.1%}"
        inside = Words("在 ±5% 以内", "within ±5 %") if self.within else Words("超出 ±5%", "outside ±5 %")
        zh = f"留出最后 {self.days} 天检验：总量偏差 {bias}（{inside.zh}），每人误差 {self.mae:.2f} 次"
        en = f"Tested on the last {self.days} days: total off by {bias} ({inside.en}), error {self.mae:.2f} purchases a member"
        if self.beats:
            return Words(
                f"{zh}，胜过“{name.zh}”的 {error:.2f} 次。", f"{en}, better than {error:.2f} by {name.en}."
            )
        return Words(
            f"{zh}，没有胜过“{name.zh}”的 {error:.2f} 次：按人预测请用后者，这个模型不比不用模型好。",
            f"{en}, not better than {error:.2f} by {name.en}: for single members use that; the model adds nothing.",
        )


def test(bought: Purchases) -> tuple[BgNbd | None, Holdout | None]:
    """Fit on the calibration and score on the held-out days; None where there is nothing to fit or to hold out.

    Parameters
    ----------
    bought : Purchases
        With a cut before the end.

    Returns
    -------
    BgNbd or None
        The model of the calibration.
    Holdout or None
    """
    cut = bought.cut
    known = (bought.known_days > 0) & (bought.first < cut.known_to)
    x, recency, age = history(bought.known_days, bought.first, bought.known_last, cut.known_to, known)
    if not cut.held_out or not len(x) or not (x > 0).any():
        return None, None
    data = histories.distinct(x, recency, age)
    model = bg_nbd.fit(data)
    ahead = float(cut.held_out)
    each = bg_nbd.expected_purchases(model, data.x, data.recency, data.age, ahead)
    forecast, actual = each[data.of], bought.held_out[known]
    has_year = cut.known_to - YEAR >= cut.start
    own = x / age * ahead
    last_year = float(np.abs(bought.year_ago[known] - actual).mean()) if has_year else None
    return model, Holdout(
        cut.held_out,
        int(known.sum()),
        float(data.count @ each),
        int(actual.sum()),
        float(np.abs(forecast - actual).mean()),
        float(np.abs(own - actual).mean()),
        last_year,
        tuple(_tracking(bought, model, data)),
    )


def history(
    days: np.ndarray, first: np.ndarray, last: np.ndarray, until: int, keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (x, recency, age) in days of the members kept, as of the end of day `until`."""
    return days[keep] - 1, (last - first)[keep], until - first[keep]


def _tracking(bought: Purchases, model: BgNbd, data: histories.Histories) -> list[Tracked]:
    """Cumulative expected and actual purchases by 30-day month."""
    counts = dict(bought.by_month)
    months = -(-bought.cut.held_out // 30)
    found, total = [], 0
    for month in range(months):
        ahead = float(min((month + 1) * 30, bought.cut.held_out))
        each = bg_nbd.expected_purchases(model, data.x, data.recency, data.age, ahead)
        total += counts.get(month, 0)
        found.append(Tracked(month + 1, float(data.count @ each), total))
    return found
