"""R1–R5 and R7: for each a world that triggers it and one that does not; then the verdict table itself."""

import dataclasses
import math

import numpy as np
import pytest
from made_panels import made, simulated

from tongxin.compass import answering
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.verdict import Facts, Placebo, Seen, judge

SPEND = KPIS["spend_per_month"]
CALM = Design(draws=199)


def spending(rng, n, level=12000, noise=1500):
    return np.maximum(0, rng.normal(level, noise, size=(n, 24))).astype(np.int64)


def verdict_of(world, length=3):
    opened = world.window(length)
    worst = answering.worst_covariate(opened)
    return answering.answer(opened, SPEND, worst, negative_fails=False, primary=True)


def joined(rng, n, share, months=(12, 24)):
    return np.where(rng.random(n) < share, rng.integers(*months, size=n), -1)


def codes(answer):
    return {code for code, _, _ in answer.reason_words}


def test_r1_too_few_participants_and_enough_of_them():
    rng = np.random.default_rng(1)
    few = made(
        spending(rng, 1500), joined(rng, 1500, 0.06, (12, 14)), design=dataclasses.replace(CALM, min_cohort=1)
    )
    assert few.window(3).matches["never_joiners"].retained < 100
    answer = verdict_of(few)
    assert answer.verdict == "cannot_be_said"
    assert codes(answer) == {"R1"}
    assert answer.effect is None
    assert answer.ci is None
    assert all(one.effect is None for one in answer.by_control.values())
    enough = verdict_of(made(spending(rng, 1500), joined(rng, 1500, 0.3), design=CALM))
    assert "R1" not in codes(enough)
    assert enough.by_control["never_joiners"].effect is not None


def test_r1_thin_cohorts_do_not_enter():
    rng = np.random.default_rng(2)
    world = made(spending(rng, 2000), joined(rng, 2000, 0.05), design=CALM)
    assert world.window(3).matches["never_joiners"].retained == 0  # about eight a cohort
    pooled = dataclasses.replace(world, design=dataclasses.replace(CALM, min_cohort=1))
    assert pooled.window(3).matches["never_joiners"].retained > 50


def test_r2_half_of_the_participants_have_no_comparable_controls():
    rng = np.random.default_rng(3)
    n = 2000
    entry = joined(rng, n, 0.25, (12, 18))
    alone = (entry >= 0) & (rng.random(n) < 0.6)  # paid members, and no paid member stayed away
    answer = verdict_of(made(spending(rng, n), entry, paid=alone, design=CALM))
    assert codes(answer) == {"R2"}
    some = (entry >= 0) & (rng.random(n) < 0.3)
    partly = verdict_of(made(spending(rng, n), entry, paid=some, design=CALM))
    assert "R2" not in codes(partly)
    assert "matched_part_only" in partly.labels


def test_r3_groups_that_differ_in_a_fixed_trait():
    rng = np.random.default_rng(4)
    n = 1500
    entry = joined(rng, n, 0.25, (12, 20))
    day = simulated(np.random.default_rng(0), members=200).panel.calendar.start_day(0)
    # no member who stayed away has been there as long, so no weights can bring the groups together
    tenure = np.where(entry >= 0, rng.integers(1700, 2400, size=n), rng.integers(400, 1600, size=n))
    design = dataclasses.replace(CALM, strata=("store", "paid"))  # tenure left out of the strata
    answer = verdict_of(made(spending(rng, n), entry, since=day - tenure, design=design))
    assert "R3" in codes(answer)
    same = verdict_of(
        made(spending(rng, n), entry, since=day - rng.integers(400, 2000, size=n), design=design)
    )
    assert "R3" not in codes(same)


def test_r4_a_difference_that_was_there_before_entry():
    rng = np.random.default_rng(5)
    n = 1500
    entry = joined(rng, n, 0.3)
    spend = spending(rng, n)
    growing = spend + np.where(entry[:, None] >= 0, np.arange(24) * 250, 0)  # joiners grow, event or no event
    answer = verdict_of(made(growing, entry, design=dataclasses.replace(CALM, windows=(3,))))
    # later joiners grow just as much, so force the comparison with never-joiners by leaving too few of them
    few_later = made(growing, np.where((entry > 15) & (rng.random(n) < 0.9), -1, entry), design=CALM)
    refused = verdict_of(few_later)
    assert refused.headline == "never_joiners"
    assert "R4" in codes(refused)
    assert "R4" not in codes(verdict_of(made(spend, entry, design=CALM)))
    assert "R4" not in codes(answer) or answer.headline == "never_joiners"


def test_r5_the_control_groups_disagree():
    rng = np.random.default_rng(6)
    n = 2400
    entry = np.where(rng.random(n) < 0.35, rng.choice([12, 13, 19, 20, 21], size=n), -1)
    spend = spending(rng, n)
    spend[:, 13:] = np.where(
        entry[:, None] < 0, spend[:, 13:] - 3000, spend[:, 13:]
    )  # something hits stay-aways only
    answer = verdict_of(made(spend, entry, design=CALM))
    assert codes(answer) == {"R5"}
    assert answer.verdict in {"range_only", "cannot_be_said"}
    calm = verdict_of(made(spending(rng, n), entry, design=CALM))
    assert "R5" not in codes(calm)


def test_r7_no_cohort_has_baseline_and_window():
    rng = np.random.default_rng(7)
    answer = verdict_of(made(spending(rng, 500), joined(rng, 500, 0.3, (2, 10)), design=CALM))
    assert codes(answer) == {"R7"}
    assert "24" in answer.reason_words[0][1].zh
    assert answer.verdict == "cannot_be_said"


def seen(effect, half, retained=300, effective=300.0):
    return Seen(effect, (effect - half, effect + half), retained, effective)


FINE = Facts(
    never=seen(30, 4),
    later=seen(31, 6),
    difference=-1.0,
    difference_se=3.0,
    offered=300,
    worst_covariate=("入会月数", 0.04),
    placebo=Placebo(testable=True, effect=0.5, ci=(-3, 4), equivalent=True),
    negative_control_fails=False,
)
NO_PLACEBO = Placebo(testable=False)
LOUD = Placebo(testable=True, effect=12.0, ci=(5, 19))
QUIET = Placebo(testable=True, effect=3.0, ci=(1, 5))


@pytest.mark.parametrize(
    ("change", "verdict", "reasons", "labels"),
    [
        ({}, "positive", (), ()),
        ({"later": seen(-31, 6), "never": seen(-30, 4)}, "negative", (), ()),
        ({"later": seen(2, 6), "never": seen(1, 4)}, "no_evidence", (), ()),
        ({"direction": -1}, "negative", (), ()),
        ({"never": seen(30, 4, 99), "later": seen(30, 4, 50), "offered": 150}, "cannot_be_said", ("R1",), ()),
        (
            {"never": seen(30, 4, 100), "later": seen(30, 4, 50), "offered": 120},
            "positive",
            (),
            ("one_control_group",),
        ),
        ({"offered": 601}, "cannot_be_said", ("R2",), ()),
        ({"offered": 400}, "positive", (), ("matched_part_only",)),
        ({"worst_covariate": ("入会月数", 0.26)}, "cannot_be_said", ("R3",), ()),
        ({"worst_covariate": ("入会月数", -0.3)}, "cannot_be_said", ("R3",), ()),
        ({"worst_covariate": ("入会月数", 0.2)}, "positive", (), ("some_imbalance",)),
        ({"placebo": LOUD}, "cannot_be_said", ("R4",), ("weak_evidence",)),
        ({"placebo": QUIET}, "positive", (), ("weak_evidence",)),
        ({"placebo": NO_PLACEBO}, "range_only", ("R4",), ("weak_evidence", "placebo_not_testable")),
        ({"placebo": NO_PLACEBO, "later": seen(2, 6)}, "no_evidence", (), ("weak_evidence",)),
        (
            {"difference": 20.0, "difference_se": 4.0, "never": seen(31, 4), "later": seen(11, 6)},
            "range_only",
            ("R5",),
            (),
        ),
        (
            {"difference": 40.0, "difference_se": 4.0, "never": seen(31, 4), "later": seen(-9, 6)},
            "cannot_be_said",
            ("R5",),
            (),
        ),
        (
            {"difference": 9.0, "difference_se": 4.0, "never": seen(31, 4), "later": seen(22, 6)},
            "positive",
            (),
            (),
        ),
        (
            {"difference": 20.0, "difference_se": 12.0, "never": seen(31, 4), "later": seen(11, 6)},
            "positive",
            (),
            (),
        ),
        ({"negative_control_fails": True}, "positive", (), ("weak_evidence",)),
        (
            {"never": seen(math.nan, 1, 0, 0.0), "later": seen(math.nan, 1, 0, 0.0)},
            "cannot_be_said",
            ("R1", "R2"),
            (),
        ),
    ],
)
def test_verdict_table(change, verdict, reasons, labels):
    found = judge(dataclasses.replace(FINE, **change))
    assert found.verdict == verdict
    assert tuple(reason.code for reason in found.reasons) == reasons
    assert set(found.labels) == set(labels)


@pytest.mark.parametrize(
    ("later", "speaks"),
    [
        (seen(1, 1, 200, 200.0), "later_joiners"),
        (seen(1, 1, 199, 500.0), "never_joiners"),
        (seen(1, 1, 500, 199.0), "never_joiners"),
    ],
)
def test_later_joiners_speak_from_two_hundred_on(later, speaks):
    assert judge(dataclasses.replace(FINE, later=later)).headline == speaks


def test_every_refusal_says_what_would_make_it_measurable():
    found = judge(dataclasses.replace(FINE, placebo=LOUD, worst_covariate=("入会月数", 0.5)))
    for reason in found.reasons:
        assert reason.zh
        assert reason.en
        assert "抽签" in reason.cure_zh
        assert "lots" in reason.cure_en
