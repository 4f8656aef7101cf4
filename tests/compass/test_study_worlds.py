"""Worlds with a known truth: what the study must find, and what it must not."""

import numpy as np
import pytest
from made_panels import simulated

from tongxin.compass import dataset, study, window
from tongxin.compass.checks import placebo
from tongxin.compass.kpis import KPIS

SPEND = KPIS["spend_per_month"]


def truth_behind(found, length):
    """The mean planted effect over exactly the members and months behind the headline."""
    rows = found.answer.matches
    kpi = next(k for k in found.answer.kpis if k.kpi == "spend_per_month" and k.window == length)
    picked = [
        (row["member_code"], row["cohort"])
        for row in rows.select(["window", "method", "treated", "member_code", "cohort"]).to_pylist()
        if row["window"] == length and row["method"] == kpi.headline and row["treated"]
    ]
    index = {code: i for i, code in enumerate(found.world.codes)}
    gain = (found.world.y1 - found.world.y0) / 100
    return kpi, np.mean([gain[index[code], g + 1 : g + length + 1].mean() for code, g in picked])


@pytest.mark.parametrize("length", [3, 6])
def test_a_planted_effect_lies_in_the_headline_interval(level, length):
    kpi, truth = truth_behind(level, length)
    assert kpi.verdict == "positive"
    assert kpi.ci[0] <= truth <= kpi.ci[1]
    assert 0.15 < kpi.relative < 0.35  # planted: 25 %


def test_the_planted_effect_shows_in_frequency_and_not_in_baskets(level):
    by = {(k.kpi, k.window): k for k in level.answer.kpis}
    assert by["orders_per_month", 6].verdict == "positive"
    assert by["basket_value", 3].verdict != "positive"
    assert by["high_margin_share", 3].verdict != "positive"


def test_falsifications_pass_where_nothing_is_wrong(level):
    checks = level.answer.checks
    assert checks["negative_control"]["status"] == "passes"
    assert checks["negative_control"]["category"] == "TOBACCO"
    assert checks["no_show"]["status"] == "passes"
    assert checks["placebo"]["status"] == "equivalent"
    assert checks["overlap"]["retained_share"] > 0.9


def test_no_effect_is_called_no_evidence_while_matching_on_spend_is_wrong(null):
    primary = null.answer.primary
    assert primary.verdict == "no_evidence"
    assert primary.ci[0] < 0 < primary.ci[1]
    naive = primary.naive["matched_on_spend"]
    assert naive.ci[0] > 0  # "significant", and there is nothing
    assert naive.effect > 1.5
    assert primary.naive["versus_all_others"].effect > 20  # who joins, not what joining does


def test_the_bias_of_matching_is_announced_by_the_regression_index(null):
    found = null.answer.checks["sensitivity"]["regression_to_the_mean"]
    # planted: reliability of the baseline mean about 0.88, gap before entry about 37
    assert 0.8 < found["reliability"] < 0.95
    assert 2 < found["bias"] < 7
    assert found["bias"] == pytest.approx((1 - found["reliability"]) * found["gap"])


def test_intervals_cover_and_false_positives_stay_rare():
    """40 worlds: the 99.9 % binomial interval of a 95 % coverage is 33–40 hits; a 5 % test rejects in at most 8."""
    hits = {"never_joiners": 0, "later_joiners": 0}
    wrong = 0
    for seed in range(40):
        opened = simulated(np.random.default_rng(5000 + seed), members=2000, share=0.2, effect=10.0).window(3)
        for method in hits:
            ci = window.read(opened, method, SPEND).estimate.ci
            hits[method] += ci[0] <= 10.0 <= ci[1]
        wrong += placebo.test(opened, "never_joiners", SPEND, 10.0).estimate.excludes_zero
    assert all(33 <= n <= 40 for n in hits.values()), hits
    assert wrong <= 8


def test_two_runs_give_the_same_answer_to_the_last_digit(small):
    assert small.answer.primary.ci is not None, "large enough for a number"
    again = study.run(small.dataset, small.design)
    assert again.fingerprint == small.answer.fingerprint
    assert [k.ci for k in again.kpis] == [k.ci for k in small.answer.kpis]


def test_row_order_and_repeated_rows_do_not_reach_the_answer(small):
    rng = np.random.default_rng(1)
    shuffled = {}
    for name, table in small.world.tables.items():
        order = rng.permutation(len(table))
        extra = rng.integers(0, len(table), size=min(50, len(table)))
        shuffled[name] = table.take(np.concatenate([order, extra]))
    opened = dataset.open_sources(shuffled, simulated=True)
    assert any("重复" in note.zh for note in opened.notes)
    again = study.run(opened, small.design)
    assert again.fingerprint.data == small.answer.fingerprint.data
    assert again.primary == small.answer.primary


def test_who_refused_measurement_is_in_neither_arm(level):
    members = level.world.tables["members"].select(["member_code", "consent_measurement"]).to_pylist()
    refused = {row["member_code"] for row in members if not row["consent_measurement"]}
    compared = set(level.answer.matches["member_code"].to_pylist())
    assert len(refused) > 30
    assert not refused & compared
    assert {reason: n for reason, n, _ in level.answer.population.excluded}["measurement_refused"] == len(
        refused
    )


def test_control_arm_without_the_switch_they_would_be_compared(small):
    tables = dict(small.world.tables)
    tables["members"] = tables["members"].drop_columns(["consent_measurement"])
    answer = study.run(dataset.open_sources(tables), small.design)
    compared = set(answer.matches["member_code"].to_pylist())
    members = small.world.tables["members"].select(["member_code", "consent_measurement"]).to_pylist()
    assert {row["member_code"] for row in members if not row["consent_measurement"]} & compared
    assert answer.fingerprint.data != small.answer.fingerprint.data


def test_a_design_registered_in_time_is_marked(small):
    from dataclasses import replace
    from datetime import date

    early = study.run(small.dataset, replace(small.design, registered_on=date(2025, 3, 1), windows=(3,)))
    assert early.pre_registered
    assert not study._pre_registered(
        replace(small.design, registered_on=date(2026, 3, 1)), small.dataset, None
    )
    assert not small.answer.pre_registered


def test_cells_hold_what_the_estimate_needs(level):
    """The primary figure recomputed from `cells` alone, without any member."""
    cells = level.answer.cells.to_pylist()
    kpi = level.answer.primary
    effect, retained = 0.0, 0
    for row in cells:
        if row["window"] != 6 or row["method"] != kpi.headline or row["quantity"] != "spend":
            continue
        span = 1 / 6 if 1 <= row["period"] <= 6 else -1 / 10 if -12 <= row["period"] <= -3 else 0.0
        effect += span * row["weighted"] * (1 if row["treated"] else -1)
        retained += row["n"] if row["treated"] and row["period"] == 1 else 0
    assert retained == kpi.treated
    assert effect == pytest.approx(kpi.effect, rel=1e-9)
