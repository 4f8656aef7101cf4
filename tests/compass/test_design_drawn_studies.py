"""Lottery and holdout from tables to the answer: right where the lot was fair, silent where it was not."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from drawn_tables import chain, opened
from jsonschema import Draft202012Validator

from tongxin.compass import answer as answers
from tongxin.compass import dataset, report, study
from tongxin.compass.answer import VERDICTS
from tongxin.compass.choices import CHOICES
from tongxin.compass.design import Design, default_for, from_mapping
from tongxin.compass.designs import DESIGNS, assembled
from tongxin.compass.designs.base import Asked
from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

BASE = {
    "baseline": [-12, -3],
    "windows": [3, 6],
    "kpis": ["spend_per_month", "basket_value", "high_margin_share", "ltv_6m", "ltv_12m"],
    "draws": 99,
}


def ask(tables, kind="lottery", shuffle=None, **more):
    return study.run(opened(tables, shuffle=shuffle), from_mapping({**BASE, "kind": kind, **more}))


@pytest.fixture(scope="module")
def fair():
    return chain(np.random.default_rng(1), lift=25.0)


@pytest.fixture(scope="module")
def answered(fair):
    return ask(fair)


def test_the_list_of_designs_and_what_a_design_may_say_agree():
    assert tuple(DESIGNS) == CHOICES["kind"]
    assert DESIGNS["two_control"].answer is None
    assert Design().kind == "two_control"
    for kind in DESIGNS.values():
        assert kind.zh
        assert kind.en
        assert kind.why_not_default.zh
    with pytest.raises(BadInput, match="kind"):
        from_mapping({"kind": "magic"})
    with pytest.raises(BadInput, match="holdout_share"):
        from_mapping({"holdout_share": 1.5})


def test_being_drawn_and_having_come(answered):
    kpi = answered.primary
    assert kpi.headline == "itt"
    assert kpi.verdict == "positive"
    assert kpi.ci[0] < 0.8 * 25 < kpi.ci[1]
    late = kpi.by_control["complier"]
    assert late.ci[0] < 25 < late.ci[1]
    assert answered.checks["complier"]["first_stage"] == pytest.approx(0.8, abs=0.08)
    assert answered.checks["draw"]["p_value"] == 0.01
    assert 0.5 < answered.checks["draw"]["variance_removed"] < 1
    assert answered.checks["draw"]["fair_p"] > 0.01
    assert answered.population.retained + answered.population.never_joiners == 500
    assert "由抽签决定" in answered.words.zh
    assert {kpi.kpi: kpi.verdict for kpi in answered.kpis if kpi.window == 6}["ltv_6m"] == "positive"


def test_the_same_by_hand(fair, answered):
    """Intention to treat with the control variate, from the tables, without any of the engine."""
    orders, part = fair["orders"].to_pylist(), fair["participation"].to_pylist()
    spend = {}
    for row in orders:
        if row["member_code"]:
            local = row["ordered_at"]
            month = (local.year - 2024) * 12 + local.month - 1
            spend[row["member_code"], month] = (
                spend.get((row["member_code"], month), 0) + row["total_paid_fen"] / 100
            )
    lots = {}
    for row in part:
        one = lots.setdefault((row["what_code"], row["member_code"]), {"status": set(), "month": None})
        one["status"].add(row["status"])
        if row["status"] in {"checked_in", "no_show"}:
            one["month"] = (row["happened_at"].year - 2024) * 12 + row["happened_at"].month - 1
    months = {code: one["month"] for (code, _), one in lots.items() if one["month"] is not None}
    cells = {}
    for (code, who), one in lots.items():
        after = np.mean([spend[who, months[code] + e] for e in range(1, 7)])
        before = np.mean([spend[who, months[code] + e] for e in range(-12, -2)])
        cells.setdefault(code, {True: [], False: []})["lost_draw" not in one["status"]].append(
            (after, before)
        )
    n = sum(len(a) for arms in cells.values() for a in arms.values())
    gap, variance, cross = np.zeros(2), np.zeros(2), 0.0
    for arms in cells.values():
        share = sum(len(a) for a in arms.values()) / n
        means = [np.mean(arms[w], axis=0) for w in (True, False)]
        gap += share * (means[0] - means[1])
        for w in (True, False):
            covariance = np.cov(np.array(arms[w]).T)
            variance += share**2 * np.diag(covariance) / len(arms[w])
            cross += share**2 * covariance[0, 1] / len(arms[w])
    slope = cross / variance[1]
    kpi = answered.primary
    assert kpi.effect == pytest.approx(gap[0] - slope * gap[1], rel=1e-9)
    se = np.sqrt(variance[0] - cross**2 / variance[1])
    assert (kpi.ci[1] - kpi.ci[0]) / 2 / 1.9648 == pytest.approx(se, rel=1e-3)
    assert kpi.placebo["effect"] == pytest.approx(gap[1])


def test_the_answer_keeps_the_schema_and_can_be_drawn(answered):
    plain = json.loads(answered.to_json())
    assert list(Draft202012Validator(_schema()).iter_errors(plain)) == []
    assert all(kpi.verdict in VERDICTS for kpi in answered.kpis)
    page = report.render(answered, "zh")
    assert "由抽签决定" in page
    assert {"window", "member_code", "treated"} <= set(answered.matches.column_names)
    assert answered.matches.num_rows == 500
    assert pa.compute.sum(answered.cells["n"]).as_py() % 500 == 0


def test_what_a_ratio_or_a_missing_table_says(answered):
    found = {(kpi.kpi, kpi.window): kpi for kpi in answered.kpis}
    assert found["basket_value", 6].effect is not None
    assert found["high_margin_share", 6].reasons[0].startswith("R0 ")
    assert found["ltv_12m", 6].reasons[0].startswith("R0 ")


def test_row_order_never_reaches_the_answer(fair, answered):
    again = ask(fair, shuffle=np.random.default_rng(5))
    assert again.to_json() == answered.to_json()


def test_without_an_effect_there_is_none():
    found = ask(chain(np.random.default_rng(2), lift=0.0))
    assert found.primary.verdict == "no_evidence"
    assert "看不出差异" in found.words.zh


def test_a_lot_that_prefers_good_customers_is_refused():
    found = ask(chain(np.random.default_rng(3), lift=25.0, bent=0.25))
    assert found.primary.verdict == "cannot_be_said"
    assert found.primary.reasons[0].startswith("R11 ")
    assert found.primary.effect is None
    assert found.words.zh.startswith("还不能下结论")
    # the control arm: the naive comparison would have been printed
    assert found.primary.naive["versus_all_others"].ci[0] > 0


def test_winning_that_moves_nobody_gives_no_complier_effect():
    found = ask(chain(np.random.default_rng(4), come=0.01))
    assert found.checks["complier"]["status"] == "refused"
    assert found.checks["complier"]["reason"] == "R13"
    assert "complier" not in found.primary.by_control
    assert any(code == "weak_first_stage" for code, _ in found.warnings)


def test_too_few_winners_or_no_draw_at_all():
    few = ask(chain(np.random.default_rng(5), applicants=120, share_lost=0.6))
    assert few.primary.reasons[0].startswith("R1 ")
    tables = chain(np.random.default_rng(6), applicants=200)
    keep = [status != "lost_draw" for status in tables["participation"]["status"].to_pylist()]
    tables["participation"] = tables["participation"].filter(pa.array(keep))
    none = ask(tables)
    assert none.primary.reasons[0].startswith("R7 ")
    assert none.matches.num_rows == 0
    assert none.balance == ()
    early = ask(chain(np.random.default_rng(6), applicants=200), baseline=[-18, -3], early=[-18, -10])
    assert {code: n for code, n, _ in early.population.excluded}["entered_before_baseline"] == 200


def test_losers_who_come_anyway_stay_losers_and_waiters_are_counted_aside(fair):
    part = fair["participation"].to_pylist()
    loser = next(row for row in part if row["status"] == "lost_draw")
    extra = [
        {**loser, "status": "checked_in"},
        {**loser, "member_code": "M00000", "what_code": loser["what_code"], "status": "waitlisted"},
        {**loser, "member_code": "NOBODY", "status": "lost_draw"},
    ]
    known = {row["member_code"] for row in part if row["what_code"] == loser["what_code"]}
    extra[1]["member_code"] = next(f"M{i:05d}" for i in range(900) if f"M{i:05d}" not in known)
    bent = fair | {"participation": pa.Table.from_pylist(part + extra, schema=fair["participation"].schema)}
    found = ask(bent)
    assert found.checks["draw"]["lost"] == ask(fair).checks["draw"]["lost"]
    aside = {code: n for code, n, _ in found.population.excluded}
    assert aside["not_in_draw"] == 1
    assert aside["without_purchases"] == 1
    assert any(code == "not_in_draw" for code, _ in found.warnings)


def test_a_holdout_by_member_with_its_plan(fair):
    found = ask(fair, "holdout", treated="event:W0", holdout_share=0.4, min_cohort=1, threshold=30.0)
    assert found.checks["split"]["found"] == pytest.approx(0.4, abs=0.02)
    assert found.primary.by_control["itt"].treated < 100 or found.primary.effect is not None
    whole = ask(fair, "holdout", holdout_share=0.4)
    assert whole.primary.verdict == "positive"
    assert "complier" not in whole.primary.by_control
    off = ask(fair, "holdout", holdout_share=0.2)
    assert off.primary.reasons[0].startswith("R12 ")
    always = ask(fair, "holdout", interval="always_valid")
    assert always.primary.ci[1] - always.primary.ci[0] > 1.2 * (whole.primary.ci[1] - whole.primary.ci[0])
    assert any(code == "always_valid" for code, _ in always.warnings)
    plain = ask(fair, "holdout", cuped=False)
    assert plain.primary.ci[1] - plain.primary.ci[0] > 1.3 * (whole.primary.ci[1] - whole.primary.ci[0])


def test_groups_are_drawn_whole_or_not_read():
    groups = chain(
        np.random.default_rng(7),
        lift=40.0,
        come=1.0,
        by_store=True,
        stores=60,
        draws=1,
        applicants=800,
        what="campaign",
    )
    found = ask(groups, "holdout", unit="store", treated="campaign:W0")
    assert found.primary.verdict == "positive"
    assert found.checks["design_effect"]["groups"] == 60
    assert found.checks["design_effect"]["factor"] >= 1
    assert any(code == "design_effect" for code, _ in found.warnings)
    assert found.checks["draw"]["p_value"] <= 0.05
    few = chain(
        np.random.default_rng(8),
        lift=40.0,
        by_store=True,
        stores=20,
        draws=1,
        applicants=800,
        what="campaign",
    )
    assert ask(few, "holdout", unit="store").primary.reasons[0].startswith("R14 ")
    mixed = ask(chain(np.random.default_rng(9), draws=1), "holdout", unit="store")
    assert "hold both" in mixed.primary.reasons[0]


def test_groups_by_community():
    tables = chain(
        np.random.default_rng(10), lift=40.0, come=1.0, by_store=True, stores=60, draws=1, applicants=800
    )
    part = tables["participation"]
    tables["participation"] = part.append_column("community_code", part["store_code"])
    found = ask(tables, "holdout", unit="community", treated="participation")
    assert found.checks["design_effect"]["groups"] == 60
    one = ask(tables, "holdout", unit="community", treated="community:S003")
    assert one.primary.verdict == "cannot_be_said"
    assert ask(tables, "lottery", treated="kit:K1").primary.reasons[0].startswith("R7 ")


def test_refused_measurement_and_unpaid_are_left_out_alike(fair):
    members = pa.table(
        {
            "member_code": [f"M{i:05d}" for i in range(900)],
            "consent_measurement": [i % 10 != 0 for i in range(900)],
            "is_paid": [i % 2 == 0 for i in range(900)],
        }
    )
    found = ask(fair | {"members": members}, kpis=["spend_per_month", "paid_conversion", "retention"])
    aside = {code: n for code, n, _ in found.population.excluded}
    assert 30 < aside["measurement_refused"] < 70
    names = {row["covariate"]: row["smd_after"] for row in found.balance}
    assert abs(names["paid_member"]) < 0.25


def test_the_default_design_is_not_a_door_here(fair):
    asked = Asked(None, Design(), None, None, None)
    with pytest.raises(ValueError, match="study"):
        assembled.answer(asked, pre_registered=False)
    assert dataclasses.is_dataclass(asked)


def test_a_simulated_lottery_with_every_figure():
    made = world.make(
        "lottery", Effect.parse("25%"), np.random.default_rng(31), seed=31, members=2500, join_share=0.4
    )
    opened_world = dataset.open_sources(made.tables, simulated=True)
    base, notes = default_for(opened_world)
    asked = from_mapping({"kind": "lottery", "draws": 99}, base)
    found = study.run(opened_world, asked, notes=notes)
    late = found.primary.by_control.get("complier")
    assert found.primary.by_control["itt"].effect is not None
    assert late is None or late.ci[0] < 0.25 * 150 + 15
    assert found.checks["negative_control"]["status"] in {"passes", "fails"}
    assert found.warnings[0][0] == "simulated"
    assert list(Draft202012Validator(_schema()).iter_errors(json.loads(found.to_json()))) == []
    asked_paid = from_mapping({"kpis": ["spend_per_month", "paid_conversion"]}, asked)
    paid = {kpi.kpi: kpi for kpi in study.run(opened_world, asked_paid).kpis}["paid_conversion"]
    itt = paid.by_control["itt"]
    assert itt.treated < found.primary.by_control["itt"].treated  # who had paid before is not at risk


def _schema():
    return json.loads(Path(answers.__file__).with_name("study.schema.json").read_text(encoding="utf-8"))
