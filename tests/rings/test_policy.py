"""The policy is data: read strictly, defaults of the design, refused when it makes no sense."""

import json

import pytest

from tongxin.foundation.errors import Refused
from tongxin.rings import rules
from tongxin.rings.terms import ORDER, Ring


def test_there_and_back():
    assert rules.from_json(json.loads(json.dumps(rules.to_json(rules.DEFAULT)))) == rules.DEFAULT
    assert rules.from_json({}) == rules.DEFAULT


def test_defaults_are_those_of_the_design():
    body = rules.DEFAULT
    assert (body.middle.checkins, body.middle.days, body.middle.weeks, body.middle.contribution) == (
        1,
        4,
        3,
        10,
    )
    inner = body.inner
    assert (inner.days, inner.weeks, inner.verified, inner.verified_kinds, inner.verified_weight) == (
        20,
        8,
        3,
        2,
        5,
    )
    assert (inner.recognised_by, inner.recognised_days, inner.violations, inner.contribution) == (5, 7, 0, 40)
    assert (body.middle_exit.low_water, body.middle_exit.runs, body.middle_exit.stay_days) == (0.8, 4, 28)
    exit_ = body.inner_exit
    assert (exit_.low_water, exit_.review_days, exit_.stay_days, exit_.notice_days) == (0.7, 91, 91, 14)
    assert (body.budget.outer, body.budget.middle, body.budget.inner, body.budget.floor) == (30, 45, 25, 15)
    assert body.look_back == 365


def test_some_parts_changed():
    body = rules.from_json({"middle": {"contribution": 12}, "counting": {"caps": {"posted": 1.5}}})
    assert body.middle.contribution == 12.0
    assert isinstance(body.middle.contribution, float)
    assert body.middle.checkins == 1
    assert body.counting.caps == {"posted": 1.5}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([], "policy"),
        ({"midle": {}}, "midle"),
        ({"middle": 3}, "middle"),
        ({"middle": {"chekins": 3}}, "middle.chekins"),
        ({"middle": {"checkins": "3"}}, "middle.checkins"),
        ({"middle": {"checkins": True}}, "middle.checkins"),
        ({"middle": {"checkins": 0}}, "checkins"),
        ({"middle": {"contribution": "ten"}}, "middle.contribution"),
        ({"middle": {"contribution": True}}, "middle.contribution"),
        ({"middle": {"contribution": float("nan")}}, "contribution"),
        ({"inner": {"violations": -1}}, "violations"),
        ({"windows": {"rhythm": 3}}, "windows.rhythm"),
        ({"windows": {"commitment": 9000}}, "windows.commitment"),
        ({"middle_exit": {"low_water": 1.2}}, "middle_exit.low_water"),
        ({"inner_exit": {"low_water": 0}}, "inner_exit.low_water"),
        ({"middle_exit": {"runs": 0}}, "middle_exit.runs"),
        ({"inner_exit": {"review_days": 1}}, "inner_exit.review_days"),
        ({"inner_exit": {"notice_days": 400}}, "inner_exit.notice_days"),
        ({"capacity": {"share": 0.5}}, "capacity.share"),
        ({"capacity": {"override_days": 183}}, "capacity.override_days"),
        ({"counting": {"caps": {"danced": 2}}}, "counting.caps.danced"),
        ({"counting": {"caps": 3}}, "counting.caps"),
        ({"counting": {"caps": {"posted": "x"}}}, "counting.caps.posted"),
        ({"counting": {"caps": {"posted": 99}}}, "counting.caps.posted"),
        ({"strategy": {"outer": 3}}, "strategy.outer"),
        ({"strategy": {"outer": "长" * 401}}, "strategy.outer"),
        ({"budget": {"outer": 40}}, "budget"),
        ({"budget": {"outer": 10, "middle": 65}}, "budget.outer"),
        ({"budget": {"exploration": 101}}, "budget.exploration"),
    ],
)
def test_nonsense_is_refused_by_name(raw, field):
    with pytest.raises(Refused) as refused:
        rules.from_json(raw)
    assert (refused.value.code, refused.value.data["field"]) == ("rings.policy_bad", field)


@pytest.mark.parametrize(("middle", "seats"), [(0, 1), (40, 1), (99, 1), (100, 2), (150, 3), (1000, 20)])
def test_seats_of_the_inner_ring(middle, seats):
    assert rules.DEFAULT.seats(middle) == seats


def test_rings_have_an_order_and_names():
    assert [ring.step for ring in ORDER] == [0, 1, 2]
    assert Ring.MIDDLE.zh == "中环 互动层"
    assert Ring.INNER.en.startswith("inner")
