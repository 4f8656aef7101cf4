"""Put a drawn study together: figures, balance of the lot, path, checks, warnings, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tongxin.compass.answer import EventPoint, KpiAnswer, People
from tongxin.compass.designs import drawn_study, member_values, spoken, tables_out
from tongxin.compass.designs.base import Asked, Draft
from tongxin.compass.designs.drawn_study import KNOWN, Drawn, Reading
from tongxin.compass.designs.reasons import REASONS
from tongxin.compass.kpis import KPIS, NEGATIVE_CONTROL
from tongxin.compass.sentence import Words
from tongxin.compass.words import EXCLUSIONS

_NOT_IN_DRAW = Words("只候补或取消，不在抽签里", "only waited or cancelled, not in the draw")


def answer(
    asked: Asked,
    forbids: Callable[[Drawn], tuple[Any, ...]],
    sentence: Callable[[Drawn, KpiAnswer], Words],
    more: Callable[[Drawn, Reading | None], tuple[dict[str, Any], tuple[tuple[str, Words], ...]]],
    *,
    with_complier: bool,
) -> Draft:
    """Answer every figure of the design from one draw."""
    given = drawn_study.drawn(asked, forbids)
    kpis = spoken.corrected(_figures(given, with_complier=with_complier), asked.design.level)
    primary = next(kpi for kpi in kpis if kpi.primary)
    kpi = KPIS[primary.kpi]
    reading = drawn_study.read(given, kpi, asked.design.horizon) if given.trial.size else None
    checks, said = more(given, reading)
    points: tuple[EventPoint, ...] = ()
    for one in kpis:
        if one.window == asked.design.horizon and one.effect is not None:
            points += drawn_study.path(given, KPIS[one.kpi], one.window)
    quantities = sorted({KPIS[code].numerator for code in asked.design.kpis} & set(asked.panel.values))
    shown = [(asked.design.horizon, given.rows)]
    return Draft(
        _people(given),
        _balance(given),
        kpis,
        points,
        _checks(given, primary, reading) | checks,
        sentence(given, primary),
        (*_warnings(given), *said),
        tables_out.matches(asked, shown),
        tables_out.cells(asked, shown, quantities),
    )


def _figures(given: Drawn, *, with_complier: bool) -> tuple[KpiAnswer, ...]:
    asked, found = given.asked, []
    nobody = REASONS["R7_draws"].filled(baseline=-asked.design.baseline[0], window=asked.design.horizon)
    for kpi, window, why in member_values.questions_of(asked.dataset, asked.design, asked.panel):
        refused = why if given.trial.size else why or nobody
        if refused:
            found.append(spoken.refused(asked.design, kpi, window, refused, "itt"))
        else:
            found.append(drawn_study.figure(given, kpi, window, with_complier=with_complier))
    return tuple(found)


def _people(given: Drawn) -> People:
    """Losers stand where the default study has never-joiners: they are the control group."""
    won, lost = given.trial.arm(won=True), given.trial.arm(won=False)
    aside = [*given.lots.aside, ("no_controls", len(given.lots.won) - given.trial.size)]
    words = {**EXCLUSIONS, "not_in_draw": _NOT_IN_DRAW}
    return People(
        given.lots.winners,
        int(given.lots.won.sum()),
        won,
        lost,
        0,
        tuple((code, n, words[code]) for code, n in aside if n),
    )


def _balance(given: Drawn) -> tuple[Mapping[str, Any], ...]:
    if not given.trial.size:
        return ()
    rows = []
    won = given.trial.won
    for (code, zh, en), values, smd in zip(KNOWN, given.known.T, given.fair.smd, strict=True):
        spread = float(values[~won].var())
        rows.append(
            {
                "covariate": code,
                "role": "matched",
                "zh": zh,
                "en": en,
                "smd_before": float(smd),
                "smd_after": float(smd),
                "smd_split_window": float("nan"),
                "variance_ratio": float(values[won].var()) / spread if spread > 0 else float("nan"),
                "smd_cohort_max": float("nan"),
            }
        )
    return tuple(rows)


def _checks(given: Drawn, primary: KpiAnswer, reading: Reading | None) -> dict[str, Any]:
    asked, lots = given.asked, given.lots
    testable = reading is not None and np.isfinite(reading.effect.influence).all()
    return {
        "placebo": dict(primary.placebo),
        "overlap": {
            "retained_share": given.trial.size / lots.applicants if lots.applicants else None,
            "effective_controls": float(given.trial.arm(won=False)),
            "largest_weight_share": 1 / max(1, given.trial.arm(won=False)),
            "rungs": {},
        },
        "power": dict(primary.power) or {"status": "not_testable"},
        "drift": {"status": "not_testable"},
        "sensitivity": {
            "never_minus_later": None,
            "leave_one_store_out": None,
            "regression_to_the_mean": None,
            "breakdown": {"status": "not_testable", "mbar": None},
            "e_value": {},
        },
        "no_show": {"status": "not_testable", "effect": None, "ci": None, "treated": 0},
        "negative_control": _negative(given),
        "interference": {"status": "not_checked"},
        "identification": {"status": "not_checked"},
        "inference": {
            "clustered_by": asked.design.unit,
            "stores": len(np.unique(asked.population.store[given.rows.member])),
            "draws": asked.design.draws,
            "interval": asked.design.interval,
        },
        "draw": {
            "blocks": len(given.trial.weight),
            "won": given.trial.arm(won=True),
            "lost": given.trial.arm(won=False),
            "fair_p": given.fair.p if given.trial.size else None,
            "p_value": drawn_study.lot_p(given, reading) if reading is not None and testable else None,
            "variance_removed": reading.removed if reading is not None else None,
        },
        "horizons": sorted(set(asked.design.windows)),
    }


def _negative(given: Drawn) -> dict[str, Any]:
    category = given.asked.design.negative_control
    empty = {"status": "not_testable", "effect": None, "ci": None, "category": category, "relative": None}
    if not category or "negative" not in given.asked.panel.values or not given.trial.size:
        return empty
    found = drawn_study.read(given, NEGATIVE_CONTROL, given.asked.design.horizon)
    if found is None:
        return empty
    seen = drawn_study.numbers(given, found)
    moved = seen.ci[0] > 0 or seen.ci[1] < 0
    return {
        "status": "fails" if moved else "passes",
        "effect": seen.effect,
        "ci": seen.ci,
        "category": category,
        "relative": seen.relative,
    }


def _warnings(given: Drawn) -> tuple[tuple[str, Words], ...]:
    asked = given.asked
    found: list[tuple[str, Words]] = []
    if asked.dataset.simulated:
        found.append(("simulated", Words("这是模拟数据。", "These are simulated data.")))
    found += [("note", note) for note in (*asked.notes, *asked.dataset.notes)]
    if asked.design.interval == "always_valid":
        found.append(
            (
                "always_valid",
                Words(
                    "区间在每次查看时都成立（随时可看），所以比只看一次的区间宽。",
                    "The interval holds at every look, so it is wider than that of a single look.",
                ),
            )
        )
    removed = given.lots.aside[-1][1]
    if removed:
        found.append(
            (
                "not_in_draw",
                Words(
                    f"{removed} 人只候补或取消，没有中签或落选的记录，不计入任何一组。",
                    f"{removed} people only waited or cancelled; without a lot on record they are in neither arm.",
                ),
            )
        )
    return tuple(found)
