"""The causal answer: value really observed after joining, against the same two control groups as every study."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from tongxin.compass import design as designs
from tongxin.compass import study
from tongxin.compass.answer import KpiAnswer
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.sentence import Words, figure, per_cent, points, span

_VALUES = tuple(code for code, kpi in KPIS.items() if kpi.horizon)

NOBODY_TOOK_PART = Words(
    "没有参与记录，只有预测，没有因果答案。", "No participation: a forecast only, no causal answer."
)


def answer(
    dataset: Dataset, base: Design | None, discount: float, tell: Callable[[str], None]
) -> tuple[dict[str, Any], Words]:
    """Run the default study for the values over 6 and 12 months.

    Parameters
    ----------
    dataset : Dataset
    base : Design or None
        The dataset's default where none is given.
    discount : float
        Yearly rate.
    tell : callable
        Told the steps of the study.

    Returns
    -------
    dict, Words
        The values with all control groups as in `study.json`, and a sentence.
    """
    if not dataset.has("participation"):
        return {"status": "not_testable", "kpis": []}, NOBODY_TOOK_PART
    chosen = base or designs.default_for(dataset)[0]
    asked = dataclasses.replace(
        chosen, kpis=tuple(dict.fromkeys((chosen.primary, *_VALUES))), discount=discount
    )
    found = study.run(dataset, asked, tell=tell)
    values = [kpi for kpi in found.as_json()["kpis"] if kpi["kpi"] in _VALUES]
    document = {
        "status": "computed",
        "design": found.as_json()["design"],
        "pre_registered": found.pre_registered,
        "population": found.as_json()["population"],
        "kpis": values,
    }
    said = [sentence(kpi, asked.level, found.currency) for kpi in found.kpis if kpi.kpi in _VALUES]
    return document, Words("".join(one.zh for one in said), " ".join(one.en for one in said))


def sentence(kpi: KpiAnswer, level: float, currency: str) -> Words:
    """Say one observed value with its interval, sizes and the level without joining; or why not."""
    if kpi.effect is None:
        why = kpi.reason_words[0] if kpi.reason_words else ("", Words("", ""), Words("", ""))
        return Words(
            f"{kpi.name.zh}的因果答案还不能下。{why[1].zh}",
            f"{kpi.name.en}: no causal answer yet. {why[1].en}",
        )
    size = points(kpi.effect, kpi.unit, currency)
    base = figure(kpi.counterfactual_level, kpi.unit, currency)
    zh_ci, en_ci = (span(kpi.ci, kpi.unit, currency, language=language) for language in ("zh", "en"))
    controls = kpi.by_control[kpi.headline].controls
    return Words(
        f"{kpi.name.zh}：参加带来 {size}（{level:.0%} 区间 {zh_ci}），不参加约 {base}，相当于 {per_cent(kpi.relative)}；"
        f"{kpi.treated:,} 位参加者对 {controls:,} 位对照。",
        f"{kpi.name.en}: joining brought {size} ({level:.0%} interval {en_ci}) on about {base} without it, "
        f"so {per_cent(kpi.relative)}; {kpi.treated:,} participants against {controls:,} controls.",
    )
