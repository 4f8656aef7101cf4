"""What was earned and what it cost: incremental margin less materials, vouchers, staff hours and other costs.

The margin is the study's own effect, its interval included; the costs are what the design states, exact to the fen.
Where either is unknown there is no return, only the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy import special

from tongxin.compass import fieller
from tongxin.compass.answer import Interval, KpiAnswer
from tongxin.compass.costs import Costs
from tongxin.compass.design import Design
from tongxin.compass.fieller import Ratio
from tongxin.compass.periods import DAYS_PER_MONTH, UNITS
from tongxin.compass.sentence import Words, figure, per_cent, span

SILENT = Words("", "")
KIND_WORDS: dict[str, Words] = {
    "materials": Words("物料", "materials"),
    "vouchers": Words("券", "vouchers"),
    "labour": Words("人工", "labour"),
    "other": Words("其他", "other"),
}


@dataclass(frozen=True)
class Money:
    """Earned and spent; None where it cannot be said, `reason` says why.

    Attributes
    ----------
    people : int
        Members the programme served: the costs are theirs, the margin is extended to them.
    compared : int
        Members whose margin was really compared.
    per_person : float
        Incremental margin of one participant over the window, in currency units.
    margin, ci
        The same for all `people`.
    costs_fen : mapping of str to int
    roi : Ratio
        Margin over cost, less 1; Fieller's set with the delta interval beside it.
    cost_per_unit : Ratio
        Cost of one unit of currency of incremental margin.
    """

    people: int
    compared: int
    months: float
    cost_known: float | None
    costs: Costs
    per_person: float | None = None
    margin: float | None = None
    ci: Interval | None = None
    net: float | None = None
    net_ci: Interval | None = None
    roi: Ratio | None = None
    cost_per_unit: Ratio | None = None
    reason: Words | None = None
    words: Words = SILENT

    def as_json(self) -> dict[str, Any]:
        """Return the `money` block of `study.json`."""
        by_kind, total = self.costs.by_kind, self.costs.total_fen
        return {
            "incremental_margin": self.margin,
            "ci": self.ci,
            "per_person": self.per_person,
            "people": self.people,
            "compared": self.compared,
            "months": self.months,
            "cost_of_goods_known": self.cost_known,
            "costs": {kind: None if fen is None else fen / 100 for kind, fen in by_kind.items()},
            "costs_fen": by_kind | {"total": total},
            "net": self.net,
            "net_ci": self.net_ci,
            "roi": self.roi.value if self.roi else None,
            "roi_ci": self.roi.ci if self.roi and self.roi.shape == "interval" else None,
            "roi_set": _set(self.roi),
            "cost_per_unit_of_margin": _set(self.cost_per_unit),
            "reason": vars(self.reason) if self.reason else None,
            "words": vars(self.words),
        }


def _set(found: Ratio | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "value": found.value,
        "method": "fieller",
        "shape": found.shape,
        "ci": found.ci,
        "delta_ci": found.delta,
    }


def of(
    kpis: tuple[KpiAnswer, ...], design: Design, *, took_part: int, cost_known: float | None, currency: str
) -> Money:
    """Net a study's margin against the costs that its design states.

    Parameters
    ----------
    kpis : tuple of KpiAnswer
        All figures of the study; `margin_per_month` in the longest window is the one that counts.
    design : Design
    took_part : int
        Distinct participants in the data; the people of the costs unless the design states others.
    cost_known : float or None
        Share of the spend on goods whose cost is known.
    currency : str
    """
    costs = design.costs
    people = costs.people or took_part
    months = design.horizon * UNITS[design.period] / DAYS_PER_MONTH
    found = next((k for k in kpis if k.kpi == "margin_per_month" and k.window == design.horizon), None)
    bare = Money(people, found.treated if found else 0, months, cost_known, costs)
    why = _unsaid(found)
    if found is None or why is not None or found.effect is None or found.ci is None:
        return _replaced(bare, reason=why, words=why or _NOT_ASKED)
    one = found.effect * months
    ends = (found.ci[0] * months, found.ci[1] * months)
    known = _replaced(bare, per_person=one, margin=one * people, ci=(ends[0] * people, ends[1] * people))
    total = costs.total_fen
    if total is None:
        missing = _unstated(costs)
        return _replaced(known, reason=missing, words=_said(known, currency, missing))
    netted = _netted(known, total / 100, costs.uncertain_fen / 100, design.level)
    return _replaced(netted, words=_said(netted, currency, None))


_NOT_ASKED = Words(
    "设计里没有毛利这一项，算不出回报。", "The design does not ask for margin, so there is no return."
)


def _unsaid(found: KpiAnswer | None) -> Words | None:
    if found is None:
        return _NOT_ASKED
    if found.effect is not None:
        return None
    why = [why for _, why, _ in found.reason_words]
    zh, en = "".join(one.zh for one in why), " ".join(one.en for one in why)
    return Words(
        f"增量毛利还不能下结论，算不出回报。{zh}",
        f"Incremental margin cannot be said, so there is no return. {en}",
    )


def _unstated(costs: Costs) -> Words:
    names = [KIND_WORDS[kind] for kind in costs.unstated]
    zh, en = "、".join(one.zh for one in names), ", ".join(one.en for one in names)
    return Words(
        f"没有写明成本：{zh}；没有花费请写 0。不知道成本就没有回报率。",
        f"Costs not stated: {en}; write 0 where there were none. Without costs there is no return.",
    )


def _netted(known: Money, cost: float, uncertain: float, level: float) -> Money:
    margin, ends = known.margin or 0.0, known.ci or (0.0, 0.0)
    critical = float(special.ndtri(0.5 + level / 2))
    spread = (ends[1] - ends[0]) / 2 / critical  # so that critical × spread is the interval's own reach
    reach = critical * (spread**2 + uncertain**2) ** 0.5
    roi = fieller.ratio(margin, cost, spread**2, uncertain**2, critical=critical).moved(-1) if cost else None
    each = fieller.ratio(cost, margin, uncertain**2, spread**2, critical=critical)
    net = margin - cost
    return _replaced(known, net=net, net_ci=(net - reach, net + reach), roi=roi, cost_per_unit=each)


def _replaced(money: Money, **changed: Any) -> Money:
    values: Mapping[str, Any] = vars(money)
    return Money(**{**values, **changed})


def _said(money: Money, currency: str, missing: Words | None) -> Words:
    zh_ci, en_ci = (span(money.ci, "money", currency, language=language) for language in ("zh", "en"))
    margin = figure(money.margin, "money", currency, signed=True)
    basis_zh = f"（{money.people:,} 人 × {money.months:.1f} 个月，由 {money.compared:,} 人比出）"
    basis_en = f"({money.people:,} people × {money.months:.1f} months, compared on {money.compared:,})"
    lead = Words(
        f"增量毛利 {margin}，区间 {zh_ci}{basis_zh}。",
        f"Incremental margin {margin}, interval {en_ci} {basis_en}. ",
    )
    if missing is not None:
        return Words(lead.zh + missing.zh, lead.en + missing.en)
    cost = figure((money.costs.total_fen or 0) / 100, "money", currency)
    net = figure(money.net, "money", currency, signed=True)
    zh_net, en_net = (span(money.net_ci, "money", currency, language=language) for language in ("zh", "en"))
    zh = f"{lead.zh}成本 {cost}，净 {net}（区间 {zh_net}）。"
    en = f"{lead.en}Cost {cost}, net {net} (interval {en_net}). "
    roi_zh, roi_en = roi_words(money.roi)
    return Words(zh + roi_zh, en + roi_en)


def roi_words(roi: Ratio | None) -> tuple[str, str]:
    """Say a return with its set; an endless set in words instead of a false interval."""
    if roi is None:
        return "成本为零，没有回报率。", "No cost, so there is no rate of return."
    value = per_cent(roi.value)
    if roi.shape == "interval" and roi.ci is not None:
        low, high = per_cent(roi.ci[0]), per_cent(roi.ci[1])
        return (
            f"每花 1 元的净回报 {value}（区间 {low}～{high}）。",
            f"Net return on each unit spent {value} ({low} to {high}).",
        )
    if roi.shape == "rays" and roi.ci is not None:
        low, high = per_cent(roi.ci[0]), per_cent(roi.ci[1])
        return (
            f"成本太不确定，回报率的区间没有尽头：不高于 {low} 或不低于 {high}，单独的 {value} 不能用。",
            f"The cost is too uncertain: the return is at most {low} or at least {high}, without end; {value} alone is of no use.",
        )
    return (
        "成本和毛利都分不清是不是零，任何回报率都排除不了。",
        "Neither cost nor margin can be told from zero: no rate of return is excluded.",
    )
