"""R1, R6, R7 and R10 in small worlds that trigger them, each beside one that does not; and what the answer carries."""

import dataclasses
import json

import numpy as np
import pytest
from made_panels import CALENDAR, made

from tongxin.compass import answering
from tongxin.compass.answer import _plain
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.words import LABELS, UNTESTABLE

SPEND = KPIS["spend_per_month"]
CALM = Design(draws=99, windows=(3,))


def told(world, length=3):
    opened = world.window(length)
    worst = answering.worst_covariate(opened)
    return answering.answer(opened, SPEND, worst, negative_fails=False, primary=True)


def codes(answer):
    return {code for code, _, _ in answer.reason_words}


def people(rng, n, share=0.3):
    return np.where(rng.random(n) < share, rng.integers(12, 20, size=n), -1)


def spending(rng, n, noise=1500):
    return np.maximum(0, rng.normal(12000, noise, size=(n, 24)))


def raised(spend, entry, yuan):
    after = (entry[:, None] >= 0) & (np.arange(24) > entry[:, None])
    return np.maximum(0, spend + after * yuan * 100).astype(np.int64)


@pytest.mark.parametrize(("noise", "refused"), [(1500, False), (18000, True)])
def test_r1_what_the_sample_can_find_against_what_matters(noise, refused):
    rng = np.random.default_rng(1)
    entry = people(rng, 600)
    world = made(
        raised(spending(rng, 600, noise), entry, 0), entry, design=dataclasses.replace(CALM, min_cohort=5)
    )
    found = told(world)
    assert ("R1" in codes(found)) is refused
    assert (found.power["mde"] > 2 * found.power["threshold"]) is refused
    if refused:
        assert found.power["needed"] > found.treated
        assert "¥" in found.reason_words[0][1].zh


def test_r1_a_threshold_of_ones_own():
    rng = np.random.default_rng(2)
    entry = people(rng, 1500)
    world = made(raised(spending(rng, 1500), entry, 0), entry, design=CALM)
    mde = told(world).power["mde"]
    strict = dataclasses.replace(world, design=dataclasses.replace(CALM, threshold=0.45 * mde))
    assert "R1" in codes(told(strict))
    fair = dataclasses.replace(world, design=dataclasses.replace(CALM, threshold=0.55 * mde))
    assert "R1" not in codes(told(fair))


@pytest.mark.parametrize(
    ("wobble", "verdict", "label"),
    [(0, "positive", False), (15, "positive", True), (26, "cannot_be_said", True)],
)
def test_r6_a_finding_that_the_past_would_undo(wobble, verdict, label):
    """For one quarter of the baseline the treated spend more, then no longer: the placebo is blind to it."""
    rng = np.random.default_rng(3)
    n = 4000
    entry = people(rng, n)
    entry = np.where((entry > 15) & (rng.random(n) < 0.95), -1, entry)  # too few later joiners to speak
    relative = np.arange(24) - entry[:, None]
    lift = np.where((entry[:, None] >= 0) & (relative >= -8) & (relative <= -6), wobble * 100, 0)
    found = told(made(raised(spending(rng, n) + lift, entry, 20), entry, design=CALM))
    assert found.headline == "never_joiners"
    assert found.verdict == verdict
    assert codes(found) == ({"R6"} if verdict == "cannot_be_said" else set())
    assert ("suggestive" in found.labels) is label
    assert found.breakdown["status"] == "computed"
    assert found.breakdown["reference"] == "mean_of_baseline"
    bars = {0: (0.5, 99), 15: (0.25, 0.5), 26: (0.0, 0.25)}[wobble]
    assert bars[0] <= found.breakdown["mbar"] < bars[1]
    assert found.breakdown["drift"] == pytest.approx([wobble, -wobble], abs=3)


def test_r7_members_who_came_inside_the_baseline():
    rng = np.random.default_rng(4)
    n = 1500
    entry = people(rng, n)
    spend = raised(spending(rng, n), entry, 20)
    late = (rng.random(n) < 0.15) & (entry >= 0)
    since = np.where(late, CALENDAR.start_day(5), CALENDAR.start_day(0) - 400)
    loose = dataclasses.replace(CALM, min_tenure=6, strata=("store", "paid"))
    assert "R7" in codes(told(made(spend, entry, since=since, design=loose, tenure_known=False)))
    whole = dataclasses.replace(loose, min_tenure=12)
    assert "R7" not in codes(told(made(spend, entry, since=since, design=whole, tenure_known=False)))


@pytest.mark.parametrize(("stores", "label"), [(9, True), (10, False)])
def test_r10_a_handful_of_stores(stores, label):
    rng = np.random.default_rng(5)
    entry = people(rng, 1500)
    spend = raised(spending(rng, 1500), entry, 20)
    found = told(made(spend, entry, store=np.arange(1500) % stores, design=CALM))
    assert ("these_stores_only" in found.labels) is label


def test_what_an_answer_carries_is_plain_and_has_words(level):
    for kpi in level.json["kpis"]:
        assert kpi["breakdown"]["status"] in {"computed", "not_testable"}
        assert set(kpi["labels"]) <= set(LABELS)
        if kpi["effect"] is not None:
            assert kpi["power"]["mde"] > 0
    checks = level.json["checks"]
    assert checks["sensitivity"]["breakdown"]["mbar"] > 0.5
    assert checks["drift"]["status"] in {"passes", "fails"}
    assert "not_checked" not in json.dumps(checks)
    json.dumps(_plain(checks), allow_nan=False)


def every_untestable(check):
    if isinstance(check, dict):
        if check.get("status") == "not_testable":
            yield check
        for item in check.values():
            yield from every_untestable(item)


def test_whatever_could_not_be_tested_says_why(level, null):
    for answer in (level, null):
        found = list(every_untestable(answer.json["checks"]))
        assert found
        for check in found:
            assert check["reason"] in UNTESTABLE
            assert check["words"]["zh"]
            assert check["words"]["en"]
