"""Matched and group-time designs as studies: beside the default, never instead of it without saying why."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from tongxin.compass import answer as answers
from tongxin.compass import dataset, report, study
from tongxin.compass.design import default_for, from_mapping
from tongxin.compass.designs import DESIGNS, twins
from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

SCHEMA = json.loads(Path(answers.__file__).with_name("study.schema.json").read_text(encoding="utf-8"))
FIGURES = ["spend_per_month", "basket_value"]


def chain(regime, effect, seed, members=2600, join_share=0.25):
    made = world.make(
        regime,
        Effect.parse(effect),
        np.random.default_rng(seed),
        seed=seed,
        members=members,
        join_share=join_share,
    )
    return made, dataset.open_sources(made.tables, simulated=True)


@pytest.fixture(scope="module")
def level():
    return chain("level", "25%", 21)


def ask(opened, kind, **more):
    base, notes = default_for(opened)
    fields = {"kind": kind, "kpis": FIGURES, "windows": [6], "draws": 99, "min_cohort": 1, **more}
    return study.run(opened, from_mapping(fields, base), notes=notes)


def of(answer):
    return answer.primary.by_control[answer.primary.headline]


CASES = {
    "nearest": {},
    "mahalanobis": {"nearness": "mahalanobis", "replacement": False},
    "coarsened": {"bins": 3},
    "balancing": {},
    "group_time": {"comparison": "not_yet"},
    "conditional": {"estimator": "dr"},
}


@pytest.fixture(scope="module")
def answered(level):
    kinds = {"mahalanobis": "nearest", "conditional": "group_time"}
    return {name: ask(level[1], kinds.get(name, name), **more) for name, more in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_planted_effect_is_inside_its_interval(answered, name):
    found = answered[name]
    own = of(found)
    assert own.treated >= 100
    assert own.effect is not None
    low, high = own.ci
    wide = high - low
    expected = 0.25 * found.checks["power"]["threshold"] / 0.05  # a quarter of the level without joining
    # matching on past spend may add a few yuan of regression to the mean; the interval is that much wider here
    assert low - wide / 2 < expected + 8
    assert high + wide / 2 > expected - 8


@pytest.mark.parametrize("name", CASES)
def test_the_answer_keeps_the_schema_and_is_drawn(answered, name):
    found = answered[name]
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads(found.to_json()))) == []
    assert found.primary.headline == DESIGNS[found.design["kind"]].headline
    page = report.render(found, "en")
    assert "<html" in page
    assert found.matches.num_rows > 0
    assert found.cells.num_rows > 0


@pytest.mark.parametrize("name", ["nearest", "mahalanobis", "coarsened", "balancing"])
def test_a_matched_design_warns_and_shows_the_default_beside_it(answered, name):
    found = answered[name]
    assert found.warnings[0][0] == "regression_to_the_mean"
    assert "均值回归" in found.warnings[0][1].zh
    assert found.primary.by_control["never_joiners"].effect is not None
    if found.primary.effect is not None:
        assert "weak_evidence" in found.primary.labels


def test_balanced_weights_leave_no_difference(answered):
    rows = {row["covariate"]: row for row in answered["balancing"].balance}
    assert abs(rows["early_spend"]["smd_after"]) < 1e-6
    assert abs(rows["early_orders"]["smd_after"]) < 1e-6


def test_a_control_that_serves_twice_is_one_member(answered):
    """Rows repeat, names do not: the interval adds a member up before it squares."""
    table = answered["nearest"].matches
    names = table.filter(pa.compute.invert(table["treated"]))["member_code"].to_pylist()
    assert len(names) > len(set(names))
    table = answered["mahalanobis"].matches
    pairs = table.filter(pa.compute.invert(table["treated"]))
    keys = list(zip(pairs["member_code"].to_pylist(), pairs["cohort"].to_pylist(), strict=True))
    assert len(keys) == len(set(keys))


def test_without_an_effect_regression_to_the_mean_is_refused_by_name():
    """The null world: matching on past spend would see something; the design says so and gives no number."""
    _, opened = chain("null", "0", 22)
    found = ask(opened, "nearest", nearness="mahalanobis")
    assert found.primary.verdict in {"cannot_be_said", "no_evidence"}
    if found.primary.verdict == "cannot_be_said":
        assert any(reason.split()[0] in {"R1", "R4", "R15"} for reason in found.primary.reasons)
    staggered = ask(opened, "group_time")
    assert staggered.primary.verdict in {"no_evidence", "cannot_be_said"}


def test_group_time_follows_its_own_rules(level, answered):
    found = answered["group_time"]
    assert found.checks["inference"]["band"] == "uniform"
    assert found.population.later_joiners > 0
    by_kpi = {kpi.kpi: kpi for kpi in found.kpis}
    assert by_kpi["basket_value"].reasons[0].startswith("R0 ")
    periods = [point.period for point in found.event_study]
    assert periods == sorted(set(periods))
    assert min(periods) >= -12
    assert {point.period for point in found.event_study if not point.counted} == {-2, -1, 0}
    early = [abs(point.effect) for point in found.event_study if point.period < -2]
    late = [point.effect for point in found.event_study if point.period >= 1]
    assert np.mean(late) > 3 * np.mean(early)
    short = ask(level[1], "group_time", windows=[13])
    assert short.primary.reasons[0].startswith("R7 ")
    assert short.matches.num_rows == 0


def test_too_few_participants_give_no_number():
    _, opened = chain("level", "25%", 23, members=900, join_share=0.1)
    for kind in ("nearest", "coarsened", "balancing", "group_time"):
        found = ask(opened, kind)
        assert found.primary.verdict == "cannot_be_said", kind
        assert found.primary.reasons[0].startswith("R1 "), kind


def test_five_twins_of_one_customer(level, answered):
    made, opened = level
    base, _ = default_for(opened)
    part = made.tables["participation"]
    came = set(part.filter(pa.compute.equal(part["status"], "checked_in"))["member_code"].to_pylist())
    table = answered["nearest"].matches
    one = min(table.filter(table["treated"])["member_code"].to_pylist())
    seen = twins.view(opened, base, one)
    assert 1 <= len(seen.twins) <= 5
    assert [twin.distance for twin in seen.twins] == sorted(twin.distance for twin in seen.twins)
    assert seen.member_code not in {twin.member_code for twin in seen.twins}
    assert not {twin.member_code for twin in seen.twins} & came
    assert all(twin.differs.zh and twin.differs.en for twin in seen.twins)
    assert "不是效果估计" in seen.caution.zh
    never = next(code for code in made.tables["members"]["member_code"].to_pylist() if code not in came)
    still = twins.view(opened, base, never)
    assert still.spend_after is None
    with pytest.raises(BadInput, match="no identified purchase"):
        twins.view(opened, base, "NOBODY")
    with pytest.raises(BadInput, match="baseline"):
        twins.view(opened, from_mapping({"baseline": [-23, -3], "early": [-23, -10]}, base), one)
