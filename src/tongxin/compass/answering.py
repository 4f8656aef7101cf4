"""Every KPI in every window: all control groups, the naive numbers beside them, the verdict."""

from __future__ import annotations

import dataclasses
from typing import Any

from tongxin.compass import inference, questions, strength
from tongxin.compass import window as windows
from tongxin.compass.answer import ByControl, KpiAnswer, NaiveNumber
from tongxin.compass.checks import beside as besides
from tongxin.compass.checks import placebo as placebos
from tongxin.compass.checks import surroundings
from tongxin.compass.checks.beside import Beside
from tongxin.compass.checks.surroundings import NOWHERE, Around
from tongxin.compass.dataset import Dataset
from tongxin.compass.kpis import NEGATIVE_CONTROL
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.naive import NAIVES
from tongxin.compass.refusals import LEAST_TREATED, REASONS, Reason
from tongxin.compass.sentence import Words
from tongxin.compass.strength import Strength
from tongxin.compass.verdict import Facts, Placebo, Seen, Verdict, headline_of, judge
from tongxin.compass.window import Reading, Window


def can_read(dataset: Dataset, kpi: Kpi) -> bool:
    """Say whether the dataset has the tables a KPI needs."""
    return not kpi.missing(dataset)


def all_kpis(dataset: Dataset, opened: tuple[Window, ...], around: Around = NOWHERE) -> tuple[KpiAnswer, ...]:
    """Answer every KPI of the design in every window; Holm over all but the primary one."""
    design = opened[0].frame.design
    found = []
    looked: dict[int, tuple[tuple[str, float], bool, Beside]] = {}
    for asked in questions.of(dataset, opened):
        if asked.refused:
            found.append(_refused(asked.window, asked.kpi, asked.refused, primary=asked.primary))
            continue
        whole = asked.whole
        if whole.length not in looked:
            fails = negative_control_fails(dataset, whole)
            beside = besides.look(whole, around)
            looked[whole.length] = beside.worst, fails, beside
        worst, fails, beside = looked[whole.length]
        found.append(
            answer(
                asked.window,
                asked.kpi,
                worst,
                negative_fails=fails,
                primary=asked.primary,
                beside=beside,
                currency=dataset.currency,
            )
        )
        for window in (asked.window, *opened):
            if (
                window is not whole
            ):  # figures come window by window: what the others worked out is not asked again
                window.rest()
    return _adjusted(tuple(found), design.level)


def answer(
    window: Window,
    kpi: Kpi,
    worst: tuple[str, float],
    *,
    negative_fails: bool,
    primary: bool,
    beside: Beside | None = None,
    currency: str = "CNY",
) -> KpiAnswer:
    """Answer one KPI in one window."""
    if not any(len(one.treated) for one in window.frame.sets):
        return _refused(window, kpi, _too_short(window), primary=primary)
    beside = beside or besides.look(window, NOWHERE)
    readings = {code: windows.read(window, code, kpi) for code in METHODS}
    never, later = (_seen(window, code, readings[code]) for code in ("never_joiners", "later_joiners"))
    headline = headline_of(later)
    spoken = readings[headline]
    if spoken is None:
        few = REASONS["R1"].filled(found=0, needed=LEAST_TREATED, missing=LEAST_TREATED)
        return _refused(window, kpi, few, primary=primary)
    gap = _gap(window, readings)
    strong = strength.of(window, headline, kpi, spoken, currency=currency)
    tested = placebos.test(window, headline, kpi, spoken.contrast.effect, strong.threshold)
    missed = beside.no_shows.read(kpi) if beside.no_shows else None
    verdict = judge(
        Facts(
            never,
            later,
            gap.value if gap else 0.0,
            gap.se if gap else float("inf"),
            window.matches[headline].offered,
            worst,
            _placebo(tested),
            negative_fails,
            kpi.direction,
            eligible=sum(len(one.treated) for one in window.frame.sets),
            balance=beside.balance,
            power=strong.power,
            breakdown=strong.mbar,
            drifts=strong.drifts(spoken.contrast.effect),
            no_show_fails=missed is not None and missed.excludes_zero,
            without_baseline=beside.without_baseline,
            identification=beside.identified,
            near=beside.around.near,
            stores=beside.stores,
            unit=kpi.unit,
            currency=currency,
        )
    )
    return _spoken(
        window,
        kpi,
        verdict,
        readings=readings,
        spoken=spoken,
        tested=tested,
        primary=primary,
        strong=strong,
    )


def _spoken(
    window: Window,
    kpi: Kpi,
    verdict: Verdict,
    *,
    readings: dict[str, Reading | None],
    spoken: Reading,
    tested: placebos.PlaceboResult,
    primary: bool,
    strong: Strength,
) -> KpiAnswer:
    told = verdict.verdict not in {"cannot_be_said", "range_only"}
    by_control = {code: _by_control(window, code, reading) for code, reading in readings.items()}
    naive = {code: windows.read_naive(window, code, kpi) for code in NAIVES}
    return KpiAnswer(
        kpi=kpi.code,
        name=Words(kpi.zh, kpi.en),
        unit=kpi.unit,
        window=window.length,
        primary=primary,
        treated_level=spoken.contrast.treated_level if told else None,
        counterfactual_level=spoken.contrast.counterfactual_level if told else None,
        effect=spoken.contrast.effect if told else None,
        ci=spoken.estimate.ci if told else _range(verdict, by_control),
        relative=spoken.contrast.relative if told else None,
        relative_ci=spoken.relative.ci if told else None,
        p_value=spoken.estimate.p if told else None,
        p_adjusted=None,
        headline=verdict.headline,
        labels=verdict.labels,
        by_control=by_control,
        naive={code: NaiveNumber(found.value, found.ci) for code, found in naive.items() if found},
        verdict=verdict.verdict,
        reasons=tuple(f"{reason.code} {reason.en}" for reason in verdict.reasons),
        reason_words=tuple(_reason_words(reason) for reason in verdict.reasons),
        placebo=_placebo_json(tested),
        treated=window.matches[verdict.headline].retained,
        power=strong.power_json() if window.matches[verdict.headline].retained >= LEAST_TREATED else {},
        breakdown=strong.breakdown_json(),
        e_value=strong.e_value_json() if told else None,
    )


def _reason_words(reason: Reason) -> tuple[str, Words, Words]:
    return reason.code, Words(reason.zh, reason.en), Words(reason.cure_zh, reason.cure_en)


def _range(verdict: Verdict, by_control: dict[str, ByControl]) -> tuple[float, float] | None:
    """From the lowest to the highest end of the control groups that may be printed."""
    ends = [one.ci for one in by_control.values() if one.ci]
    if verdict.verdict != "range_only" or not ends:
        return None
    return min(low for low, _ in ends), max(high for _, high in ends)


def _by_control(window: Window, code: str, reading: Reading | None) -> ByControl:
    rows = window.matches[code]
    shown = reading is not None and rows.retained >= LEAST_TREATED
    return ByControl(
        reading.contrast.effect if shown and reading else None,
        reading.estimate.ci if shown and reading else None,
        rows.retained,
        rows.controls,
        rows.effective,
    )


def _seen(window: Window, code: str, reading: Reading | None) -> Seen:
    rows = window.matches[code]
    if reading is None:
        return Seen(float("nan"), (float("-inf"), float("inf")), 0, 0.0)
    return Seen(reading.contrast.effect, reading.estimate.ci, rows.retained, rows.effective)


def _gap(window: Window, readings: dict[str, Reading | None]) -> inference.Estimate | None:
    never, later = readings["never_joiners"], readings["later_joiners"]
    if never is None or later is None:
        return None
    return windows.difference(window, never, later, ("never_joiners", "later_joiners"))


def _placebo(tested: placebos.PlaceboResult) -> Placebo:
    if tested.estimate is None:
        return Placebo(testable=False)
    return Placebo(
        testable=True, effect=tested.estimate.value, ci=tested.estimate.ci, equivalent=tested.equivalent
    )


def _placebo_json(tested: placebos.PlaceboResult) -> dict[str, Any]:
    if tested.estimate is None:
        why = "short_baseline" if tested.ranges is None else "too_few"
        return {
            "status": "not_testable",
            "reason": why,
            "effect": None,
            "ci": None,
            "p_joint": None,
            "equivalent": False,
        }
    clear = tested.estimate.excludes_zero
    return {
        "status": "difference_before_entry"
        if clear
        else "equivalent"
        if tested.equivalent
        else "not_shown_equivalent",
        "effect": tested.estimate.value,
        "ci": tested.estimate.ci,
        "p_joint": tested.joint_p,
        "equivalent": tested.equivalent,
        "entry": tested.ranges.entry if tested.ranges else None,
        "window": tested.ranges.window if tested.ranges else None,
        "baseline": tested.ranges.baseline if tested.ranges else None,
    }


def worst_covariate(window: Window) -> tuple[str, float]:
    """Largest |SMD| after weighting among covariates that must agree, for the headline's rows."""
    return besides.worst_of(besides.matched_rows(window, surroundings.speaker(window)))


def negative_control_fails(dataset: Dataset, window: Window) -> bool:
    """Say whether the category that cannot move has moved, as the headline's control group sees it."""
    found = negative_control(window) if can_read(dataset, NEGATIVE_CONTROL) else None
    return found is not None and found.estimate.excludes_zero


def negative_control(window: Window) -> Reading | None:
    """Estimate the negative-control outcome with the never-joiners; None where there is none or R1 holds."""
    rows = window.matches["never_joiners"]
    if not window.frame.design.negative_control or rows.retained < LEAST_TREATED:
        return None
    return windows.read(window, "never_joiners", NEGATIVE_CONTROL)


def _too_short(window: Window) -> Reason:
    design, calendar = window.frame.design, window.frame.panel.calendar
    needed = -design.baseline[0] + window.length + 1
    return REASONS["R7"].filled(
        baseline=-design.baseline[0],
        window=window.length,
        periods=calendar.count,
        missing=max(1, needed - calendar.count),
    )


def _refused(window: Window, kpi: Kpi, reason: Reason, *, primary: bool) -> KpiAnswer:
    nothing = {code: _by_control(window, code, None) for code in METHODS}
    return KpiAnswer(
        kpi.code, Words(kpi.zh, kpi.en), kpi.unit, window.length, primary, None, None, None, None, None, None, None,
        None, "never_joiners", (), nothing, {}, "cannot_be_said", (f"{reason.code} {reason.en}",),
        (_reason_words(reason),), {"status": "not_testable", "reason": "no_comparison", "effect": None, "ci": None, "equivalent": False}, 0,
    )  # fmt: skip


def _adjusted(kpis: tuple[KpiAnswer, ...], level: float) -> tuple[KpiAnswer, ...]:
    """Holm over the secondary figures that have a p-value; a difference that does not survive it is no evidence."""
    secondary = [i for i, kpi in enumerate(kpis) if not kpi.primary and kpi.p_value is not None]
    values = inference.holm([kpis[i].p_value or 0.0 for i in secondary])
    found = list(kpis)
    for i, p in zip(secondary, values, strict=True):
        kpi = kpis[i]
        lost = kpi.verdict in {"positive", "negative"} and p > 1 - level
        labels = (*kpi.labels, "not_after_correction") if lost else kpi.labels
        verdict = "no_evidence" if lost else kpi.verdict
        found[i] = dataclasses.replace(kpi, p_adjusted=p, verdict=verdict, labels=labels)
    return tuple(dataclasses.replace(kpi, p_adjusted=kpi.p_value) if kpi.primary else kpi for kpi in found)
