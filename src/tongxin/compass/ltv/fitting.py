"""`ltv fit`, as a list of steps that reads aloud: purchases, hold-out, forecast, cohorts, the causal answer, words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from tongxin.compass import costed, fingerprint
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.ltv import (
    bg_nbd,
    forecast,
    gamma_gamma,
    histories,
    holdout,
    observed,
    purchases,
    retention,
    traps,
)
from tongxin.compass.ltv.answer import Horizon, Ltv
from tongxin.compass.ltv.bg_nbd import BgNbd
from tongxin.compass.ltv.forecast import Forecast
from tongxin.compass.ltv.gamma_gamma import GammaGamma
from tongxin.compass.ltv.holdout import Holdout
from tongxin.compass.ltv.purchases import BASIS, Purchases
from tongxin.compass.ltv.traps import Trap
from tongxin.compass.sentence import Words, figure

#: the steps a progress bar counts, before those of the causal study
STEPS = ("purchases", "holdout", "forecast", "cohorts", "observed")
#: shortest calibration and held-out time in days that say anything
_LEAST_KNOWN, _LEAST_HELD = 60, 28


@dataclass(frozen=True)
class Settings:
    """What `ltv fit` is asked.

    Attributes
    ----------
    horizons : tuple of int
        Months ahead, rising.
    discount : float
        Yearly rate.
    level : float
    holdout_days : int or None
        None = a quarter of the data, at most half a year.
    lapse_days : int
        A gap longer than this is a lapse.
    cohort_days : int
    """

    horizons: tuple[int, ...] = (6, 12)
    discount: float = 0.08
    level: float = 0.95
    holdout_days: int | None = None
    lapse_days: int = 90
    cohort_days: int = 91

    def __post_init__(self) -> None:
        faults = []
        if not self.horizons or min(self.horizons) < 1 or list(self.horizons) != sorted(set(self.horizons)):
            faults.append(Fault("horizons", str(self.horizons), ("rising whole months from 1",)))
        if not 0 <= self.discount < 1:
            faults.append(Fault("discount", str(self.discount), ("a yearly rate, 0 to below 1",)))
        if not 0.5 < self.level < 1:
            faults.append(Fault("level", str(self.level), ("between 0.5 and 1",)))
        if self.holdout_days is not None and self.holdout_days < 0:
            faults.append(Fault("holdout_days", str(self.holdout_days), ("0 (none) or more",)))
        if self.lapse_days < 1 or self.cohort_days < 1:
            faults.append(Fault("lapse_days, cohort_days", "below 1", ("1 or more",)))
        if faults:
            raise BadInput(faults)


def fit(
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    design: Design | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Ltv:
    """Say what members are worth: observed against controls, forecast per member, retained by cohort.

    Parameters
    ----------
    dataset : Dataset
        With `orders`; with `participation` for the causal answer.
    settings : Settings, optional
    design : Design, optional
        For the causal answer; the dataset's default otherwise.
    tell : callable
        Told each of `STEPS` as it begins, then the steps of the study.

    Raises
    ------
    BadInput
        No purchase of a known member.
    """
    asked = settings or Settings()
    tell("purchases")
    span = (dataset.last_day - dataset.first_day).days + 1
    bought = purchases.gather(
        dataset,
        holdout_days=_held_out(asked, span),
        lapse_days=asked.lapse_days,
        cohort_days=asked.cohort_days,
    )
    tell("holdout")
    _, tested = holdout.test(bought)
    tell("forecast")
    made = _forecasts(bought, asked)
    tell("cohorts")
    curves = retention.curves(
        bought, lapse_days=asked.lapse_days, cohort_days=asked.cohort_days, level=asked.level
    )
    tell("observed")
    causal, causal_words = observed.answer(dataset, design, asked.discount, tell)
    so_far = float(bought.spend.mean()) / 100 * made.share
    longest = made.horizons[-1].value if made.horizons else None
    return Ltv(
        as_of=dataset.last_day.isoformat(),
        version=fingerprint.code_version(),
        data=_digest(bought),
        currency=dataset.currency,
        simulated=dataset.simulated,
        settings=asdict(asked) | {"held_out_days_used": bought.cut.held_out},
        basis=made.basis,
        cost_known=bought.cost_known,
        population={
            "members": bought.members,
            "fitted": made.fitted,
            "repeat_buyers": int((bought.days > 1).sum()),
            "left_out": bought.excluded,
        },
        observed_value=so_far,
        observed_share=so_far / (so_far + longest[0]) if longest and so_far + longest[0] > 0 else None,
        causal=causal,
        frequency=made.frequency,
        value=made.value,
        horizons=made.horizons,
        holdout=tested,
        retention=curves,
        traps=tuple(made.traps),
        words=_sentence(dataset, made, tested, asked, so_far),
        causal_words=causal_words,
        members=made.table,
    )


def _held_out(asked: Settings, span: int) -> int:
    """Days to hold out; none where too little would be left on either side."""
    wanted = min(span // 4, 182) if asked.holdout_days is None else asked.holdout_days
    return wanted if wanted >= _LEAST_HELD and span - wanted >= _LEAST_KNOWN else 0


@dataclass(frozen=True)
class _Made:
    """What could be forecast, and what forbade the rest."""

    frequency: BgNbd | None
    value: GammaGamma | None
    horizons: tuple[Horizon, ...]
    traps: list[Trap]
    table: pa.Table
    fitted: int
    basis: str
    share: float


def _forecasts(bought: Purchases, asked: Settings) -> _Made:
    age = bought.cut.end - bought.first
    x = bought.days - 1
    found = traps.in_purchases(bought, x, age, asked.lapse_days)
    known = bought.margin_share is not None and (bought.cost_known or 0.0) >= costed.ENOUGH_KNOWN
    basis, share = ("margin", bought.margin_share or 0.0) if known else ("revenue", 1.0)
    keep = age > 0
    table = _table(bought, x, age)
    if any(trap.refuses for trap in found):
        return _Made(None, None, (), found, table, 0, basis, share)
    data = histories.distinct(*holdout.history(bought.days, bought.first, bought.last, bought.cut.end, keep))
    model = bg_nbd.fit(data)
    weak = traps.in_bg_nbd(model)
    found += weak
    if weak:
        return _Made(model, None, (), found, table, data.members, basis, share)
    means, worth = _values(bought, x, found)
    given = None if worth is None else (worth, x[keep] * (means[keep] > 0), means[keep])
    horizons = []
    for months in asked.horizons:
        one = forecast.over(
            months, data, model, means=given, rate=asked.discount, share=share, level=asked.level
        )
        horizons.append(Horizon(months, one.mean_purchases, one.mean_value))
        table = _with(table, one, keep)
    alive = np.full(bought.members, np.nan)
    alive[keep] = bg_nbd.probability_alive(model, data.x, data.recency, data.age)[data.of]
    table = table.append_column("probability_alive", pa.array(alive, mask=np.isnan(alive)))
    return _Made(model, worth, tuple(horizons), found, table, data.members, basis, share)


def _values(bought: Purchases, x: np.ndarray, found: list[Trap]) -> tuple[np.ndarray, GammaGamma | None]:
    """Mean value of each member's repeat purchases in currency units, and the value model if it may be used."""
    means = np.where(x > 0, (bought.spend - bought.first_spend) / 100 / np.maximum(x, 1), 0.0)
    before = traps.in_means(x, means)
    found += before
    if any(trap.refuses for trap in before):
        return means, None
    good = (x > 0) & (means > 0)
    worth = gamma_gamma.fit(x[good], means[good])
    after = traps.in_gamma_gamma(worth)
    found += after
    return means, None if any(trap.refuses for trap in after) else worth


def _table(bought: Purchases, x: np.ndarray, age: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "member_code": bought.codes,
            "repeat_purchases": x,
            "recency_days": bought.last - bought.first,
            "age_days": age,
            "spend_fen": bought.spend,
        }
    )


def _with(table: pa.Table, one: Forecast, keep: np.ndarray) -> pa.Table:
    for name, values in (("purchases", one.purchases), ("value", one.value)):
        column = np.full(len(keep), np.nan)
        column[keep] = values
        table = table.append_column(f"{name}_{one.months}m", pa.array(column, mask=np.isnan(column)))
    return table


def _digest(bought: Purchases) -> str:
    """SHA-256 over member codes and the integers that enter the arithmetic; row order of the files cannot reach it."""
    digest = hashlib.sha256("\n".join(bought.codes.to_pylist()).encode())
    for column in (
        bought.first, bought.last, bought.days, bought.spend, bought.first_spend, bought.known_days,
        bought.known_last, bought.known_spend, bought.held_out, bought.year_ago, bought.lapse, bought.registered,
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    return f"sha256:{digest.hexdigest()}"


def _sentence(dataset: Dataset, made: _Made, tested: Holdout | None, asked: Settings, so_far: float) -> Words:
    """Horizon, rate, basis, sizes, interval, share observed, hold-out verdict, date: nothing without the rest."""
    basis, day = BASIS[made.basis], dataset.last_day.isoformat()
    refusing = [trap.words for trap in made.traps if trap.refuses]
    if not made.horizons:
        zh, en = refusing[0].zh, refusing[0].en
        return Words(f"截至 {day}，不给预测：{zh}", f"As of {day} there is no forecast: {en}")
    last = made.horizons[-1]
    held = (
        tested.words
        if tested
        else Words("数据太短，没有留出检验，预测未经验证。", "Too short to hold anything out: untested.")
    )
    if last.value is None:
        count = last.purchases or (float("nan"),) * 3
        return Words(
            f"截至 {day}，每位会员未来 {last.months} 个月预计再买 {count[0]:.1f} 次（{count[1]:.1f}～{count[2]:.1f}，{made.fitted:,} 人）；"
            f"金额不给预测：{refusing[0].zh}{held.zh}",
            f"As of {day} a member is expected to buy {count[0]:.1f} times in {last.months} months ({count[1]:.1f} to "
            f"{count[2]:.1f}, {made.fitted:,} members); no value: {refusing[0].en} {held.en}",
        )
    value, low, high = (figure(one, "money", dataset.currency) for one in last.value)
    past = figure(so_far, "money", dataset.currency)
    share = so_far / (so_far + last.value[0]) if so_far + last.value[0] > 0 else float("nan")
    rate = f"{asked.discount:.1%}"
    return Words(
        f"截至 {day}，每位会员未来 {last.months} 个月预计带来{basis.zh} {value}（{low}～{high}，年折现 {rate}，{made.fitted:,} 人，"
        f"只含参数误差）；至今已带来 {past}，两者合计里 {share:.0%} 是实际发生的。这是预测，不是活动的效果。{held.zh}",
        f"As of {day} a member is expected to bring {basis.en} of {value} over the next {last.months} months ({low} to {high}, "
        f"discounted at {rate} a year, {made.fitted:,} members, parameter uncertainty only); {past} came so far, so {share:.0%} "
        f"of the two is observed. It is a forecast, not an effect. {held.en}",
    )
