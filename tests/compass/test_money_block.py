"""Costs to the fen, margin less costs, and no return where margin or costs are unknown."""

import dataclasses
import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import costs as stated
from tongxin.compass import design as designs
from tongxin.compass import money, report_money
from tongxin.compass.answer import ByControl, KpiAnswer
from tongxin.compass.costs import Costs
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput
from tongxin.compass.fieller import Ratio
from tongxin.compass.money import Money
from tongxin.compass.sentence import Words

ALL = Costs(materials_fen=200_000, vouchers_fen=50_000, staff_hours="40", hourly_fen=2_500, other_fen=0)


def margin(effect=10.0, ci=(4.0, 16.0), *, verdict="positive", window=6, why=()):
    return KpiAnswer(
        "margin_per_month", Words("月毛利", "Margin per month"), "money/month", window, False, 50.0, 40.0, effect, ci,
        0.25, (0.1, 0.4), 0.01, 0.01, "later_joiners", (), {"later_joiners": ByControl(effect, ci, 250, 900, 700.0)},
        {}, verdict, (), tuple(why), {}, 250,
    )  # fmt: skip


def asked(kpi, costs=ALL, took_part=300, **more):
    design = Design(costs=costs, **more)
    return money.of((kpi,) if kpi else (), design, took_part=took_part, cost_known=0.95, currency="CNY")


def test_by_hand():
    """300 people × 6 months × 10 yuan = 18,000; costs 2,000 + 500 + 1,000 + 0 = 3,500."""
    found = asked(margin())
    assert found.per_person == pytest.approx(60)
    assert found.margin == pytest.approx(18_000)
    assert found.ci == pytest.approx((7_200, 28_800))
    assert found.costs.total_fen == 350_000
    assert found.net == pytest.approx(14_500)
    assert found.net_ci == pytest.approx((3_700, 25_300))
    assert found.roi.value == pytest.approx(18_000 / 3_500 - 1)
    assert found.roi.ci == pytest.approx((7_200 / 3_500 - 1, 28_800 / 3_500 - 1))
    assert found.cost_per_unit.value == pytest.approx(3_500 / 18_000)
    assert found.cost_per_unit.ci == pytest.approx((3_500 / 28_800, 3_500 / 7_200))
    assert "300 人" in found.words.zh
    assert "¥3,500" in found.words.zh
    assert "+414.3%" in found.words.en


def test_the_people_of_the_costs_can_be_stated():
    found = asked(margin(), dataclasses.replace(ALL, people=1000))
    assert found.margin == pytest.approx(60_000)
    assert (found.people, found.compared) == (1000, 250)


def test_uncertain_costs_widen_the_return_and_may_make_it_endless():
    sure = asked(margin())
    unsure = asked(margin(), dataclasses.replace(ALL, uncertain_fen=50_000))
    assert unsure.roi.ci[1] > sure.roi.ci[1]
    assert unsure.net_ci[0] < sure.net_ci[0]
    endless = asked(margin(), dataclasses.replace(ALL, uncertain_fen=1_000_000))
    assert endless.roi.shape == "rays"
    assert endless.as_json()["roi_ci"] is None
    assert "没有尽头" in endless.words.zh
    assert "without end" in endless.words.en


def test_a_margin_that_may_be_zero_has_an_endless_cost_per_yuan():
    found = asked(margin(1.0, (-5.0, 7.0), verdict="no_evidence"))
    assert found.cost_per_unit.shape == "rays"
    assert found.roi.shape == "interval"


def test_all_shapes_are_said_in_words():
    assert "没有回报率" in money.roi_words(None)[0]
    everything = Ratio(1.0, "everything", None, (0.0, 2.0))
    assert "any" not in money.roi_words(everything)[0]
    assert "no rate of return is excluded" in money.roi_words(everything)[1]


@pytest.mark.parametrize("kind", ["materials_fen", "vouchers_fen", "staff_hours", "hourly_fen", "other_fen"])
def test_a_cost_that_is_not_stated_is_not_zero(kind):
    found = asked(margin(), dataclasses.replace(ALL, **{kind: None}))
    assert found.net is None
    assert found.roi is None
    assert found.margin == pytest.approx(18_000)
    assert "写 0" in found.reason.zh
    assert found.reason.zh in found.words.zh


def test_no_return_without_a_margin():
    why = [("R1", Words("样本不足。", "Too few people."), Words("", ""))]
    refused = asked(dataclasses.replace(margin(why=why), effect=None, ci=None, verdict="cannot_be_said"))
    assert (refused.margin, refused.net, refused.roi) == (None, None, None)
    assert "样本不足" in refused.words.zh
    absent = asked(None)
    assert "没有毛利" in absent.words.zh
    other = asked(margin(window=3))
    assert other.margin is None  # only the longest window counts


def test_costs_of_nothing_have_no_rate_of_return():
    found = asked(margin(), Costs(0, 0, "0", None, 0))
    assert found.costs.total_fen == 0
    assert found.net == pytest.approx(18_000)
    assert found.roi is None
    assert "没有回报率" in found.words.zh


def test_the_block_is_plain_json_with_whole_fen():
    block = asked(margin()).as_json()
    json.dumps(block, allow_nan=False)
    assert block["costs_fen"] == {
        "materials": 200_000,
        "vouchers": 50_000,
        "labour": 100_000,
        "other": 0,
        "total": 350_000,
    }
    assert block["costs"]["materials"] == 2000.0
    assert block["roi_set"]["method"] == "fieller"
    assert block["roi_set"]["delta_ci"] is not None


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(0, 400_000),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
)
def test_costs_add_up_to_the_fen(materials, vouchers, hundredths, hourly, other):
    hours = f"{hundredths // 100}.{hundredths % 100:02d}"
    found = Costs(materials, vouchers, hours, hourly, other)
    exact = Fraction(hundredths, 100) * hourly
    assert abs(found.labour_fen - exact) <= Fraction(1, 2)
    assert found.total_fen == materials + vouchers + found.labour_fen + other
    assert sum(found.by_kind.values()) == found.total_fen


def test_costs_from_a_design_file(tmp_path):
    file = tmp_path / "d.toml"
    file.write_text(
        "seed = 7\n[costs]\nmaterials_fen = 100\nvouchers_fen = 0\nstaff_hours = 7.5\nhourly_fen = 4000\nother_fen = 1\n"
    )
    found = designs.load(file)
    assert found.costs.total_fen == 30_101
    assert found.as_json()["costs"]["staff_hours"] == "7.5"
    assert designs.from_mapping({"costs": found.costs}).costs is found.costs


@pytest.mark.parametrize(
    "given",
    [
        {"materials": 1},
        {"materials_fen": 1.5},
        {"materials_fen": -1},
        {"vouchers_fen": True},
        {"staff_hours": "many"},
        {"staff_hours": -2},
        {"staff_hours": True},
        {"people": 0},
    ],
)
def test_costs_that_are_none(given):
    with pytest.raises(BadInput, match=r"design\.costs"):
        stated.from_mapping(given)


def test_empty_fields_stay_unknown():
    assert stated.from_mapping({"staff_hours": None, "people": None}) == Costs()
    with pytest.raises(BadInput, match="a table"):
        designs.from_mapping({"costs": 5})
    with pytest.raises(BadInput, match="discount"):
        Design(discount=1.5)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_block(language):
    page = report_money.block(asked(margin()), "CNY", language)
    assert "−¥2,000.00" in page
    assert "Fieller" in page
    assert "95%" in page
    assert ("净" if language == "zh" else "Net") in page
    unknown = report_money.block(asked(margin(), Costs()), "CNY", language)
    assert ("未写明" if language == "zh" else "not stated") in unknown
    assert report_money.block(None, "CNY", language) == ""


def test_money_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Money(1, 1, 6.0, None, ALL).people = 2
