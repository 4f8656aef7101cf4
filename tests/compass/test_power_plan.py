"""Power: the numbers by themselves, the plan against what studies then find, and the command."""

import itertools
import json
import math
import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_panels import made, simulated

from tongxin.compass import dataset, plan_words, planning, power, window
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput
from tongxin.compass.kpis import KPIS
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect
from tongxin.faces.cli import answers, main

SPEND = KPIS["spend_per_month"]
DESIGN = Design(draws=99, windows=(3, 6), min_cohort=5)
CHAINS = int(os.environ.get("TONGXIN_CHAINS", "20"))  # more by hand: TONGXIN_CHAINS=200


@given(st.floats(0.01, 100), st.floats(1.0, 4.0))
def test_at_the_detectable_effect_power_is_eighty_per_cent(se, critical):
    """The far tail adds at most a few hundredths where the critical value is small."""
    found = power.power_of(power.mde(se, critical), se, critical)
    assert 0.8 - 1e-9 <= found <= 0.8 + 0.05 * (critical < 1.5) + 1e-3


def test_power_counted_by_drawing():
    rng = np.random.default_rng(1)
    draws = rng.normal(2.2, 1.0, size=200_000)
    assert power.power_of(2.2, 1.0) == pytest.approx((np.abs(draws) > 1.959964).mean(), abs=0.004)
    assert math.isnan(power.power_of(1.0, 0.0))
    assert math.isnan(power.power_of(1.0, math.inf))


@given(st.floats(0.1, 50), st.floats(0.1, 50), st.integers(1, 10_000))
def test_needed_is_enough_and_one_less_is_not(found, wanted, treated):
    n = power.needed(treated, found, wanted)
    assert found * math.sqrt(treated / n) <= wanted * (1 + 1e-9)
    if n > 1:
        assert found * math.sqrt(treated / (n - 1)) > wanted * (1 - 1e-9)
    assert power.needed(treated, found, 0.0) == 0


def bare(rng, members=3000, stores=40):
    """A chain in which nobody has taken part yet."""
    past = simulated(rng, members=members, share=0.01, stores=stores, design=DESIGN)
    return past.panel, made(
        past.panel.values["spend"], np.full(members, -1), store=past.population.store
    ).population


def test_the_plan_foretells_the_error_of_the_study():
    """Planned from one chain, met in six others of the same kind: within a fifth."""
    sums, people = bare(np.random.default_rng(50))
    found = planning.plan_from(sums, people, DESIGN, "CNY", expect=600)
    planned = next(one for one in found.precision if one.method == "never_joiners" and one.window == 6)
    met = []
    for seed in range(6):
        chain = simulated(np.random.default_rng(900 + seed), members=3000, share=0.4, design=DESIGN)
        opened = chain.window(6)
        read = window.read(opened, "never_joiners", SPEND).estimate
        met.append(read.se * math.sqrt(opened.matches["never_joiners"].retained / planned.treated))
    assert planned.se == pytest.approx(np.mean(met), rel=0.2)


def test_an_effect_of_the_detectable_size_is_found_about_four_times_out_of_five():
    """As often as the 99 % binomial interval of 80 % allows: 11 to 20 of 20 chains."""
    sums, people = bare(np.random.default_rng(51), members=2000)
    found = planning.plan_from(sums, people, DESIGN, "CNY", expect=300)
    planned = next(one for one in found.precision if one.method == "never_joiners" and one.window == 3)
    hits = 0
    for seed in range(CHAINS):
        rng = np.random.default_rng(3000 + seed)
        chain = simulated(rng, members=2000, share=0.2, effect=round(planned.mde, 2), design=DESIGN)
        opened = chain.window(3)
        scale = math.sqrt(opened.matches["never_joiners"].retained / planned.treated)
        read = window.read(opened, "never_joiners", SPEND)
        hits += abs(read.estimate.value) * scale > planned.critical * read.estimate.se * scale
    chance = [math.comb(CHAINS, n) * 0.8**n * 0.2 ** (CHAINS - n) for n in range(CHAINS + 1)]
    assert sum(chance[: hits + 1]) > 0.005
    assert sum(chance[hits:]) > 0.005


def test_more_people_find_less_and_the_numbers_agree_with_each_other():
    sums, people = bare(np.random.default_rng(52))
    found = planning.plan_from(sums, people, DESIGN, "CNY", expect=400)
    assert found.source == "given"
    assert found.measurable
    sizes = [(n, mde) for n, mde, _ in found.sizes if math.isfinite(mde)]
    assert [n for n, _, _ in found.sizes] == [100, 200, 400, 800, 1600]
    assert all(a[1] > b[1] for a, b in itertools.pairwise(sizes))
    assert found.spoken.window == 6
    assert found.threshold == pytest.approx(0.05 * found.spoken.level)
    chances = [chance for _, _, chance in found.curve]
    assert chances == sorted(chances)
    at = found.needed_threshold
    near = min(sizes, key=lambda size: abs(size[1] - found.threshold))
    assert 0.4 < at / near[0] * (found.threshold / near[1]) ** 2 < 2.5
    assert found.months is None  # nobody has come yet, so nobody knows how fast they come
    again = planning.plan_from(sums, people, DESIGN, "CNY", expect=400)
    assert plan_words.as_json(again) == plan_words.as_json(found)


def test_a_threshold_of_the_business_own_and_a_refusal_that_says_how_many():
    sums, people = bare(np.random.default_rng(53), members=1500)
    strict = Design(draws=99, windows=(3,), min_cohort=5, threshold=1.0)
    found = planning.plan_from(sums, people, strict, "CNY", expect=150)
    assert found.threshold == 1.0
    assert not found.measurable
    assert [why.code for why in found.reasons] == ["R1"]
    said = plan_words.sentence(found)
    assert "测不准" in said.zh
    assert "抽签" in said.zh
    plain = plan_words.as_json(found)
    assert plain["measurable"] is False
    assert plain["needed"] is None or plain["needed"] > 150
    json.dumps(plain, allow_nan=False)


def test_stores_that_swing_together_are_not_mended_by_people():
    """Each store moves as a whole, and all participants live in stores of their own kind: b > 0, nothing suffices."""
    rng = np.random.default_rng(54)
    n, stores = 3000, 30
    store = rng.integers(0, stores, size=n)
    common = rng.normal(0, 4000, size=(stores, 24))[store]
    spend = np.maximum(0, 12000 + common + rng.normal(0, 500, size=(n, 24))).astype(np.int64)
    design = Design(draws=99, windows=(3,), min_cohort=5, strata=("tenure",), threshold=0.4)
    chain = made(spend, np.full(n, -1), store=store, design=design)
    found = planning.plan_from(chain.panel, chain.population, design, "CNY", expect=300)
    assert not found.measurable
    assert found.needed is None or found.needed > 300
    assert plan_words.sentence(found).zh.startswith("现在开始还测不准")


def test_too_little_past_is_r7_and_too_few_people_is_r1():
    sums, people = bare(np.random.default_rng(55), members=600)
    long = Design(draws=9, baseline=(-20, -3), early=(-20, -8), windows=(6,), min_tenure=12)
    short = planning.plan_from(sums, people, long, "CNY", expect=200)
    assert [why.code for why in short.reasons] == ["R7"]
    assert short.spoken is None
    assert short.curve == ()
    few = planning.plan_from(sums, people, DESIGN, "CNY", expect=20)
    assert [why.code for why in few.reasons] == ["R1"]
    crowd = planning.plan_from(sums, people, DESIGN, "CNY", expect=500)  # more than half of all there are
    assert not crowd.measurable
    json.dumps(plan_words.as_json(short), allow_nan=False)


@pytest.fixture(scope="module")
def tables():
    return world.make(
        "level", Effect.parse("20"), np.random.default_rng(61), members=1500, join_share=0.2
    ).tables


def test_from_a_dataset_with_and_without_participation(tables):
    design = Design(draws=49, windows=(3,), min_cohort=5)
    with_joiners = planning.plan(dataset.open_sources(tables), design)
    assert with_joiners.source == "seen"
    assert with_joiners.expected == 300
    assert with_joiners.rate == pytest.approx(25, rel=0.2)
    assert with_joiners.months is not None
    nobody = {name: table for name, table in tables.items() if name != "participation"}
    before = planning.plan(dataset.open_sources(nobody), design)
    assert before.source == "assumed"
    assert before.expected == pytest.approx(150, abs=3)
    assert before.measurable


def test_row_order_does_not_reach_the_plan(tables):
    design = Design(draws=49, windows=(3,), min_cohort=5)
    rng = np.random.default_rng(2)
    mixed = {name: table.take(pa.array(rng.permutation(len(table)))) for name, table in tables.items()}
    one, other = (planning.plan(dataset.open_sources(given), design, 200) for given in (tables, mixed))
    assert plan_words.as_json(one) == plan_words.as_json(other)


def test_bad_input_is_named(tables):
    opened = dataset.open_sources(tables)
    with pytest.raises(BadInput, match="--expect"):
        planning.plan(opened, Design(), 0)
    alone = dataset.open_sources({"orders": tables["orders"]})
    with pytest.raises(BadInput, match="high_margin_share needs"):
        planning.plan(alone, Design(primary="high_margin_share"))


@pytest.fixture(scope="module")
def folder(tables, tmp_path_factory):
    import pyarrow.parquet as pq

    out = tmp_path_factory.mktemp("plan")
    for name, table in tables.items():
        pq.write_table(table, out / f"{name}.parquet")
    return out


def test_the_command_in_both_languages(folder, capsys):
    try:
        assert main.run(["roi", "plan", str(folder), "--expect", "300"]) == 0
        printed = capsys.readouterr().out
        assert "八成把握" in printed
        assert "从未参加" in printed
        assert main.run(["roi", "plan", str(folder), "--expect", "300", "--lang", "en", "--json"]) == 0
        plain = json.loads(capsys.readouterr().out)
        assert plain["schema"] == "tongxin.plan/1"
        assert plain["participants"]["expected"] == 300
        assert len(plain["curve"]) == 8
        assert "four times out of five" in plain["words"]["en"]
    finally:
        answers.speak(json=False, language="zh")


def test_demanded_and_not_measurable_is_exit_one(folder, tmp_path, capsys):
    file = tmp_path / "strict.toml"
    file.write_text("threshold = 0.2\n", encoding="utf-8")
    assert main.run(["roi", "plan", str(folder), "--design", str(file), "--expect", "150", "--demand"]) == 1
    assert main.run(["roi", "plan", str(folder), "--design", str(file), "--expect", "150"]) == 0
    assert main.run(["roi", "plan", str(folder), "--expect", "300", "--demand"]) == 0
    file.write_text('threshold = "viel"\n', encoding="utf-8")
    assert main.run(["roi", "plan", str(folder), "--design", str(file)]) == 2
    file.write_text("threshold = -3\n", encoding="utf-8")
    assert main.run(["roi", "plan", str(folder), "--design", str(file)]) == 2
    assert "threshold" in capsys.readouterr().err
