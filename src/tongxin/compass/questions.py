"""Which figure is read from which window, from whom, and what forbids it beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tongxin.compass import among, costed, ways
from tongxin.compass import frame as frames
from tongxin.compass import window as windows
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.panel import Panel
from tongxin.compass.refusals import LOTTERY_EN, LOTTERY_ZH, Reason
from tongxin.compass.sentence import Words
from tongxin.compass.window import Window

NO_TABLES = Reason(
    "R0",
    "缺少这项指标需要的数据：{tables}。",
    "Data that this figure needs are missing: {tables}.",
    "补上这些表或列再算。",
    "Bring these tables or columns.",
)
NO_COSTS = Reason(
    "R0",
    "毛利说不了：只有 {share:.0%} 的商品销售额知道成本，至少要 {needed:.0%}。",
    "Margin cannot be said: the cost is known for {share:.0%} of the spend on goods, at least {needed:.0%} is needed.",
    "在 order_lines.cost 或 products.unit_cost 里补上成本；在那之前可以看消费额。",
    "Fill order_lines.cost or products.unit_cost; until then read spend.",
)
TOO_YOUNG = Reason(
    "R7",
    "还看不满 {months} 个月：要有 {baseline} 期基线和 {window} 期随访，现有 {periods} 期完整数据。",
    "The {months} months are not over: {baseline} periods of baseline and {window} of follow-up are needed, {periods} "
    "complete periods are there.",
    "再等 {missing} 期。" + LOTTERY_ZH,
    "Wait {missing} more periods. " + LOTTERY_EN,
)


@dataclass(frozen=True)
class Question:
    """One figure in one window; `refused` says why it is not even tried.

    `window` holds the members at risk, `whole` everybody.
    """

    window: Window
    whole: Window
    kpi: Kpi
    primary: bool
    refused: Reason | None


def of(dataset: Dataset, opened: tuple[Window, ...]) -> Iterator[Question]:
    """Yield the questions of a design, window by window in the order of its KPIs.

    A value over months belongs to the window of exactly that length; if the design has no such window, one is opened
    for it. Members who cannot move a KPI are taken out of the window it is read from.
    """
    design = opened[0].frame.design
    unit = opened[0].frame.panel.calendar.unit
    lengths = {window.length for window in opened}
    later: dict[int, list[Kpi]] = {}
    for window in opened:
        for code in design.kpis:
            kpi = KPIS[code]
            own = ways.length_of(kpi, unit) if kpi.horizon else window.length
            if own == window.length:
                primary = code == design.primary and (bool(kpi.horizon) or window.length == design.horizon)
                yield _one(dataset, window, kpi, primary=primary)
            elif own not in lengths and window is opened[-1]:
                later.setdefault(own, []).append(kpi)
    for length, kpis in sorted(later.items()):
        window = longer(opened[-1], length)
        for kpi in kpis:
            yield _one(dataset, window, kpi, primary=kpi.code == design.primary)


def longer(window: Window, length: int) -> Window:
    """Open a window of another length on the same panel and people."""
    old = window.frame
    return windows.open_window(frames.frame(old.panel, old.population, old.design, length, old.reader))


def _one(dataset: Dataset, window: Window, kpi: Kpi, *, primary: bool) -> Question:
    refused = forbidden(dataset, window, kpi)
    return Question(window if refused else among.narrowed(window, kpi), window, kpi, primary, refused)


def forbidden(dataset: Dataset, window: Window, kpi: Kpi) -> Reason | None:
    """Say why a figure is not tried: data missing, costs unknown, horizon not over."""
    missing = kpi.missing(dataset)
    if missing:
        return NO_TABLES.filled(tables=", ".join(name.replace("_fen", "") for name in missing))
    panel, design = window.frame.panel, window.frame.design
    if kpi.numerator == "margin" and not _costs_known(panel):
        return NO_COSTS.filled(share=panel.cost_known or 0.0, needed=costed.ENOUGH_KNOWN)
    needed = window.length - design.baseline[0] + 1
    if kpi.horizon and panel.calendar.count < needed:
        return TOO_YOUNG.filled(
            months=kpi.horizon,
            baseline=-design.baseline[0],
            window=window.length,
            periods=panel.calendar.count,
            missing=needed - panel.calendar.count,
        )
    return None


def _costs_known(panel: Panel) -> bool:
    return panel.cost_known is not None and panel.cost_known >= costed.ENOUGH_KNOWN


def notes(design: Design, panel: Panel) -> tuple[Words, ...]:
    """Say what the values of a design are made of; nothing where it asks for none."""
    if not any(KPIS[code].horizon for code in design.kpis):
        return ()
    rate = f"{design.discount:.1%}"
    if panel.basis == "margin":
        known = f"{panel.cost_known:.0%}"
        return (
            Words(
                f"6/12 个月价值按毛利计（成本已知的销售额占 {known}），年折现率 {rate}。",
                f"Values over 6/12 months are margin (cost known for {known} of the spend), discounted at {rate} a year.",
            ),
        )
    return (
        Words(
            f"不知道成本：6/12 个月价值按消费额计，不是毛利；年折现率 {rate}。",
            f"Costs are unknown: values over 6/12 months are spend, not margin, discounted at {rate} a year.",
        ),
    )
