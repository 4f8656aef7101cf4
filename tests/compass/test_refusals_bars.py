"""Every refusal R1–R10 just below and just above its bar, and the order in which a verdict is told."""

import dataclasses

import pytest

from tongxin.compass.refusals import LOTTERY_EN, LOTTERY_ZH, REASONS
from tongxin.compass.sentence import Words
from tongxin.compass.verdict import (
    Balance,
    Facts,
    Identification,
    Near,
    Placebo,
    Power,
    Seen,
    judge,
)


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
    balance=Balance(("入会月数", 1.1), ("入会月数", 0.05)),
    power=Power(mde=9.0, threshold=6.0, needed=200, words=(Words("¥9", "¥9"), Words("¥6", "¥6"))),
    breakdown=1.4,
    identification=Identification(0.8, 0.81, 0.79, 0.8),
    near=Near(0.05),
    stores=40,
)


def placebo(effect, half, *, equivalent):
    return Placebo(testable=True, effect=effect, ci=(effect - half, effect + half), equivalent=equivalent)


def control(effect, gap_se, retained=300):
    return {"never": seen(effect, 4, retained), "difference": effect - 31.0, "difference_se": gap_se}


BARS = [
    # R1: hundred treated behind the number
    (
        "R1",
        {"never": seen(30, 4, 100), "later": seen(30, 4, 90), "offered": 100},
        "positive",
        ("one_control_group",),
    ),
    ("R1", {"never": seen(30, 4, 99), "later": seen(30, 4, 90), "offered": 99}, "R1", ()),
    # R1: twice the threshold
    ("R1", {"power": Power(12.0, 6.0, 300)}, "positive", ()),
    ("R1", {"power": Power(12.01, 6.0, 301)}, "R1", ()),
    # R2: half and four fifths of the treated find controls
    ("R2", {"offered": 375}, "positive", ()),
    ("R2", {"offered": 376}, "positive", ("matched_part_only",)),
    ("R2", {"offered": 600}, "positive", ("matched_part_only",)),
    ("R2", {"offered": 601}, "R2", ()),
    # R3: a tenth warns, a quarter refuses; spread and single cohorts warn
    ("R3", {"worst_covariate": ("x", 0.1)}, "positive", ()),
    ("R3", {"worst_covariate": ("x", -0.11)}, "positive", ("some_imbalance",)),
    ("R3", {"worst_covariate": ("x", 0.25)}, "positive", ("some_imbalance",)),
    ("R3", {"worst_covariate": ("x", 0.26)}, "R3", ()),
    ("R3", {"balance": Balance(("x", 2.0), ("x", 0.25))}, "positive", ()),
    ("R3", {"balance": Balance(("x", 2.01))}, "positive", ("spread_differs",)),
    ("R3", {"balance": Balance(("x", 0.5))}, "positive", ()),
    ("R3", {"balance": Balance(("x", 0.49))}, "positive", ("spread_differs",)),
    ("R3", {"balance": Balance(cohort=("x", 0.26))}, "positive", ("cohort_imbalance",)),
    # R4: a placebo that is clear and larger than a quarter of the effect (31)
    ("R4", {"placebo": placebo(7.7, 2, equivalent=False)}, "positive", ("weak_evidence",)),
    ("R4", {"placebo": placebo(7.8, 2, equivalent=False)}, "R4", ("weak_evidence",)),
    ("R4", {"placebo": placebo(7.8, 9, equivalent=False)}, "positive", ("weak_evidence",)),
    ("R4", {"placebo": Placebo(testable=False)}, "range_only R4", ("weak_evidence", "placebo_not_testable")),
    # R5: beyond noise and more than half in size; other sign
    ("R5", control(16.0, 7.0), "positive", ()),
    ("R5", control(15.0, 7.0), "range_only R5", ()),
    ("R5", control(15.0, 9.0), "positive", ()),
    ("R5", control(-1.0, 7.0), "R5", ()),
    # R6: a half suggests, a quarter refuses what is good
    ("R6", {"breakdown": 0.5}, "positive", ()),
    ("R6", {"breakdown": 0.49}, "positive", ("suggestive",)),
    ("R6", {"breakdown": 0.25}, "positive", ("suggestive",)),
    ("R6", {"breakdown": 0.24}, "R6", ("suggestive",)),
    ("R6", {"breakdown": 0.24, "direction": -1}, "negative", ("suggestive",)),
    ("R6", {"breakdown": 0.0, "later": seen(2, 6), "never": seen(1, 4)}, "no_evidence", ()),
    # R7: one in twenty without a whole baseline
    ("R7", {"without_baseline": 0.05}, "positive", ()),
    ("R7", {"without_baseline": 0.051}, "R7", ()),
    # R8: five points between the arms or over time
    ("R8", {"identification": Identification(0.80, 0.85, 0.80, 0.85)}, "positive", ()),
    ("R8", {"identification": Identification(0.80, 0.8501, 0.80, 0.85)}, "R8", ()),
    ("R8", {"identification": Identification(0.80, 0.74, 0.80, 0.74)}, "R8", ()),
    ("R8", {"identification": Identification(0.80, 0.80, 0.74, 0.80)}, "R8", ()),
    ("R8", {"identification": None}, "positive", ()),
    # R9: a fifth of the controls near the treated
    ("R9", {"near": Near(0.2)}, "positive", ()),
    ("R9", {"near": Near(0.21, left=40)}, "R9", ()),
    ("R9", {"near": Near(0.5, far_only=True, left=300)}, "positive", ("far_controls",)),
    ("R9", {"near": None}, "positive", ()),
    # R10: ten stores
    ("R10", {"stores": 10}, "positive", ()),
    ("R10", {"stores": 9}, "positive", ("these_stores_only",)),
    # what only weakens
    ("weak", {"negative_control_fails": True}, "positive", ("weak_evidence",)),
    ("weak", {"no_show_fails": True}, "positive", ("weak_evidence",)),
    ("weak", {"drifts": True}, "positive", ("weak_evidence",)),
]


@pytest.mark.parametrize(("code", "change", "verdict", "labels"), BARS)
def test_just_below_and_just_above(code, change, verdict, labels):
    found = judge(dataclasses.replace(FINE, **change))
    reasons = [reason.code for reason in found.reasons]
    said = (
        found.verdict
        if not reasons
        else " ".join([*([] if found.verdict == "cannot_be_said" else [found.verdict]), *reasons])
    )
    assert said == verdict
    assert set(found.labels) == set(labels)


def test_every_refusal_has_its_row():
    assert {code for code, *_ in BARS} >= {f"R{n}" for n in range(1, 11)}
    refusing = {row[0] for row in BARS if row[2].split()[-1].startswith("R")}
    assert refusing == {reason.code for reason in REASONS.values()} - {"R0"}


def test_all_reasons_are_told_at_once_in_a_fixed_order():
    all_wrong = dataclasses.replace(
        FINE,
        without_baseline=0.2,
        worst_covariate=("x", 0.4),
        identification=Identification(0.5, 0.9, 0.5, 0.9),
        near=Near(0.6, left=3),
        placebo=placebo(20.0, 2, equivalent=False),
        never=seen(-31, 4),
        difference=-62.0,
        power=Power(40.0, 6.0, 4000),
        breakdown=0.0,
    )
    assert [reason.code for reason in judge(all_wrong).reasons] == ["R7", "R3", "R8", "R9", "R4", "R5", "R1"]


def test_where_there_is_no_number_nothing_else_is_told():
    found = judge(
        dataclasses.replace(FINE, never=seen(30, 4, 10), later=seen(30, 4, 5), offered=200, stores=2)
    )
    assert [reason.code for reason in found.reasons] == ["R1", "R2"]
    assert found.labels == ()


@pytest.mark.parametrize("name", sorted(set(REASONS) - {"R0", "R0_ratio"}))
def test_every_refusal_offers_chance_and_says_what_would_cure_it(name):
    reason = REASONS[name]
    assert reason.cure_zh.endswith(LOTTERY_ZH)
    assert reason.cure_en.endswith(LOTTERY_EN)
    assert reason.zh
    assert reason.en
    assert len(reason.cure_zh) > len(LOTTERY_ZH)  # and what data or time would do it


def test_the_figures_of_a_refusal_are_written_in():
    found = judge(
        dataclasses.replace(FINE, identification=Identification(0.8, 0.7, 0.8, 0.8), near=Near(0.3, left=12))
    )
    texts = " ".join(reason.zh + reason.en for reason in found.reasons)
    assert "80% 到 70%" in texts
    assert "30%" in texts
    assert "12 人" in texts
    assert "{" not in texts


def test_differences_are_written_in_their_unit_and_language():
    found = judge(
        dataclasses.replace(
            FINE, placebo=placebo(20.0, 2, equivalent=False), unit="money/month", currency="USD"
        )
    )
    assert "+$20.00" in found.reasons[0].zh
    share = dataclasses.replace(
        FINE,
        never=seen(-0.3, 0.04),
        later=seen(0.31, 0.06),
        difference=-0.61,
        difference_se=0.1,
        unit="share",
    )
    said = judge(share).reasons[0]
    assert "−30.0 点" in said.zh
    assert "−30.0 points" in said.en
