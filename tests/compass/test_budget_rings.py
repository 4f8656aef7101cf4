"""The split over rings: exact to the fen, equal marginal value, the best there is, and a convention that says so."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import budget
from tongxin.compass.budget import Response
from tongxin.compass.errors import BadInput

RINGS = ("outer", "middle", "inner")
RESPONSES = st.tuples(
    *(
        st.builds(
            Response,
            ring=st.just(ring),
            members=st.integers(1, 50_000),
            ceiling=st.floats(0.5, 500),
            scale=st.floats(0.5, 200),
        )
        for ring in RINGS
    )
)


@settings(max_examples=150)
@given(st.integers(0, 10**9), RESPONSES)
def test_exact_to_the_fen_with_floors_exploration_and_equal_marginal_value(fen, responses):
    split = budget.split(fen, responses)
    assert sum(split.rings.values()) + split.explore + split.unspent == fen
    assert split.evidence
    assert all(spent >= int(fen * budget.FLOOR) for spent in split.rings.values())
    assert abs(split.explore - fen / 10) <= 1
    free = [ring for ring in RINGS if ring not in split.at_floor]
    for ring in free:
        assert split.marginal[ring] == pytest.approx(1 + split.price, rel=1e-6)
    if split.unspent > 1:
        assert split.price == 0
    assert budget.split(fen, tuple(reversed(responses))) == split


def value_of(responses, fen):
    return sum(
        row.members * (row.ceiling * (1 - math.exp(-fen[row.ring] / 100 / row.members / row.scale)))
        - fen[row.ring] / 100
        for row in responses
    )


@settings(max_examples=40)
@given(st.integers(10**5, 10**8), RESPONSES, st.integers(0, 2**30))
def test_no_other_split_brings_more(fen, responses, seed):
    """An independent judge: thousands of random splits inside the floors, none better than ours."""
    split = budget.split(fen, responses)
    ours = value_of(responses, split.rings)
    least = {ring: int(fen * budget.FLOOR) for ring in RINGS}
    free = fen - split.explore - sum(least.values())
    rng = np.random.default_rng(seed)
    for part in rng.dirichlet(np.full(4, 0.7), size=500):  # the fourth part is left unspent
        other = {ring: least[ring] + free * part[place] for place, ring in enumerate(RINGS)}
        assert value_of(responses, other) <= ours + 0.05 + 1e-9 * abs(ours)  # five fen of rounding


def test_against_a_twin_that_hands_out_yuan_by_yuan():
    """Greedy: each next 100 yuan goes where it brings most; the optimum of a concave problem."""
    responses = (
        Response("outer", 9000, 6.0, 2.0),
        Response("middle", 1500, 60.0, 15.0),
        Response("inner", 80, 900.0, 200.0),
    )
    fen = 5_000_000
    split = budget.split(fen, responses, floor=Fraction(0), explore=Fraction(0))
    spent = dict.fromkeys(RINGS, 0.0)
    left = fen / 100
    while left > 0:
        gain = {
            row.ring: row.ceiling / row.scale * math.exp(-(spent[row.ring] / row.members) / row.scale)
            for row in responses
        }
        best = max(gain, key=gain.get)
        spent[best] += 10
        left -= 10
    for ring in RINGS:
        assert split.rings[ring] / 100 == pytest.approx(spent[ring], abs=25)


def test_money_that_does_not_pay_back_is_kept():
    responses = [Response(ring, 10, 20.0, 10.0) for ring in RINGS]
    split = budget.split(10_000_000, responses, floor=Fraction(0))
    assert split.price == 0
    for ring in RINGS:
        assert split.rings[ring] == pytest.approx(10 * 10 * math.log(2) * 100, abs=2)
    assert split.unspent == 9_000_000 - sum(split.rings.values())
    assert "留着不花" in split.words.zh


def test_a_ring_that_brings_less_than_it_costs_gets_its_floor_only():
    responses = [
        Response("outer", 100, 1.0, 10.0),
        Response("middle", 100, 90.0, 10.0),
        Response("inner", 100, 90.0, 10.0),
    ]
    split = budget.split(100_000, responses)
    assert split.rings["outer"] == 15_000
    assert split.at_floor == ("outer",)


@given(st.integers(0, 10**9))
def test_before_evidence_the_convention_and_it_says_so(fen):
    split = budget.split(fen, [Response("outer", 10, 5.0, 1.0)])  # one ring of three is no evidence
    assert sum(split.rings.values()) + split.explore + split.unspent == fen
    assert (split.evidence, split.price, split.unspent) == (False, None, 0)
    main = fen - split.explore
    for ring, share in budget.CONVENTION.items():
        assert abs(split.rings[ring] - main * share) < 1
    assert "惯例" in split.words.zh
    assert "convention" in split.words.en


def test_other_rings_and_high_floors():
    split = budget.split(1000, rings=("a", "b"))
    assert split.rings == {"a": 450, "b": 450}
    split = budget.split(1000, floor=Fraction(29, 100))
    assert sum(split.rings.values()) == 900
    assert split.at_floor == ("inner", "outer")  # 30 % of nine tenths, and 25 %, lie below 29 % of all
    assert min(split.rings.values()) >= 290


@pytest.mark.parametrize(
    "asked",
    [
        {"budget_fen": -1},
        {"budget_fen": 1, "rings": ()},
        {"budget_fen": 1, "rings": ("a", "a")},
        {"budget_fen": 1, "floor": Fraction(1, 3)},
        {"budget_fen": 1, "explore": Fraction(2)},
        {"budget_fen": 1, "responses": [Response("moon", 1, 1.0, 1.0)]},
        {"budget_fen": 1, "responses": [Response("outer", 1, 1.0, 1.0)] * 2},
        {"budget_fen": 1, "responses": [Response("outer", 0, 1.0, 1.0)]},
        {"budget_fen": 1, "responses": [Response("outer", 1, math.nan, 1.0)]},
        {"budget_fen": 1, "responses": [Response("outer", 1, 1.0, 0.0)]},
    ],
)
def test_refused_at_the_door(asked):
    with pytest.raises(BadInput):
        budget.split(**asked)


@given(st.integers(0, 10**9), st.tuples(*[st.integers(0, 100)] * 3).filter(any))
def test_before_evidence_agreed_shares_stand_in_for_the_convention(fen, shares):
    agreed = {ring: Fraction(n, 100) for ring, n in zip(RINGS, shares, strict=True)}
    split = budget.split(fen, shares=agreed)
    assert sum(split.rings.values()) + split.explore == fen
    assert (split.evidence, split.unspent) == (False, 0)
    assert all(spent >= int(fen * budget.FLOOR) for spent in split.rings.values())
    assert "圈层规则" in split.words.zh


@pytest.mark.parametrize("shares", [{"outer": 1, "middle": 1}, dict.fromkeys(RINGS, 0), dict.fromkeys(RINGS, 1) | {"outer": -1}])  # fmt: skip
def test_shares_that_are_not_one_for_each_ring_are_refused(shares):
    with pytest.raises(BadInput, match="shares"):
        budget.split(100, shares={ring: Fraction(n) for ring, n in shares.items()})
