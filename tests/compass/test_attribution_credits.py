"""Credits add up to exactly one a conversion under every model; removal effects against a twin and a worked example."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import attribution
from tongxin.compass.attribution import MODELS, NOBODY, Conversion, Path, Touch
from tongxin.compass.errors import BadInput

DAY = 86_400
TOUCHES = st.lists(
    st.builds(
        Touch,
        person=st.sampled_from("pqr"),
        at=st.integers(0, 80 * DAY),
        channel=st.sampled_from(["活动", "群", "朋友"]),
        kind=st.sampled_from(["click", "referral"]),
    ),
    max_size=20,
)
CONVERSIONS = st.lists(
    st.builds(
        Conversion,
        code=st.uuids().map(str),
        person=st.sampled_from("pqrs"),
        at=st.integers(0, 80 * DAY),
        value_fen=st.integers(0, 10**7),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row.code,
)


@settings(max_examples=30)
@given(TOUCHES, CONVERSIONS, st.randoms())
def test_credits_are_exact_whatever_the_journeys_and_the_row_order(touches, conversions, shuffle):
    paths = attribution.paths_of(touches, conversions)
    found = attribution.attribute(paths, np.random.default_rng(1), draws=20)
    for model in MODELS:
        rows = found.of(model)
        assert sum(row.credit for row in rows.values()) == len(conversions)
        assert sum(row.value_fen for row in rows.values()) == sum(row.value_fen for row in conversions)
        assert all(isinstance(row.credit, Fraction) for row in rows.values())
        assert all(row.credit >= 0 for row in rows.values())
    assert sum(path.code is not None for path in paths) == len(conversions)
    shuffle.shuffle(touches)
    shuffle.shuffle(conversions)
    again = attribution.attribute(
        attribution.paths_of(touches, conversions), np.random.default_rng(1), draws=20
    )
    assert again == found


def twin_reach(paths, without=None):
    """Chance to convert, by walking the fitted chain step by step until next to nobody is left on the way."""
    moves = {}
    for channels, converted in paths:
        steps = ["start", *channels, "yes" if converted else "no"]
        for a, b in itertools.pairwise(steps):
            moves.setdefault(a, []).append(b)
    here, arrived = {"start": 1.0}, 0.0
    for _ in range(2000):
        onward = {}
        for place, mass in here.items():
            if place == without:
                continue
            for target in moves[place]:
                part = mass / len(moves[place])
                if target == "yes":
                    arrived += part
                elif target != "no":
                    onward[target] = onward.get(target, 0.0) + part
        here = onward
    return arrived


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(tuple), st.booleans()),
        min_size=2,
        max_size=9,
    ).filter(lambda rows: any(won for _, won in rows))
)
def test_removal_effects_against_the_walk(rows):
    paths = [Path(f"p{i}", channels, f"c{i}" if won else None, 0) for i, (channels, won) in enumerate(rows)]
    found = attribution.attribute(paths, np.random.default_rng(0), draws=5)
    whole = twin_reach(rows)
    for channel, effect in found.removal.items():
        assert effect == pytest.approx(1 - twin_reach(rows, channel) / whole, abs=1e-9)


def test_the_worked_example():
    """C1→C2→C3 buys, C1 and C2→C3 do not: P = 1/3; without C1 1/6, so its effect is 1/2 and the others' 1 (analyzecore 2016)."""
    paths = [
        Path("a", ("C1", "C2", "C3"), "order", 10_000),
        Path("b", ("C1",), None, 0),
        Path("c", ("C2", "C3"), None, 0),
    ]
    found = attribution.attribute(paths, np.random.default_rng(0), draws=50)
    assert found.removal == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})
    assert {name: row.credit for name, row in found.of("removal").items()} == {
        "C1": Fraction(1, 5), "C2": Fraction(2, 5), "C3": Fraction(2, 5),
    }  # fmt: skip
    assert {name: row.value_fen for name, row in found.of("removal").items()} == {
        "C1": 2000,
        "C2": 4000,
        "C3": 4000,
    }
    assert found.of("first")["C1"].credit == found.of("last")["C3"].credit == 1


def test_windows_of_seven_and_thirty_days_to_the_second():
    bought = Conversion("o", "p", 40 * DAY)
    touches = [
        Touch("p", 33 * DAY, "群"),
        Touch("p", 33 * DAY - 1, "太早"),
        Touch("p", 10 * DAY, "朋友", "referral"),
        Touch("p", 10 * DAY - 1, "更早", "referral"),
        Touch("p", 40 * DAY, "当时"),
        Touch("p", 40 * DAY + 1, "之后"),
    ]
    won = [path for path in attribution.paths_of(touches, [bought]) if path.code]
    assert [path.channels for path in won] == [("朋友", "群", "当时")]
    lost = [path.channels for path in attribution.paths_of(touches, [bought]) if path.code is None]
    assert lost == [("更早", "太早", "之后")]  # never more than thirty days apart


def test_a_touch_serves_one_conversion_only_and_long_silence_cuts_a_path():
    rows = attribution.paths_of(
        [Touch("p", DAY, "a"), Touch("p", 3 * DAY, "b"), Touch("p", 60 * DAY, "c")],
        [Conversion("1", "p", 2 * DAY), Conversion("2", "p", 4 * DAY), Conversion("3", "p", 5 * DAY)],
    )
    assert [(path.channels, path.code) for path in rows] == [
        (("a",), "1"), (("b",), "2"), ((), "3"), (("c",), None),
    ]  # fmt: skip
    far = attribution.paths_of([Touch("p", 0, "a"), Touch("p", 31 * DAY, "b")], [])
    assert [path.channels for path in far] == [("a",), ("b",)]


def test_who_was_not_touched_is_credited_to_nobody():
    paths = attribution.paths_of([], [Conversion("1", "p", 0, 500)])
    found = attribution.attribute(paths, np.random.default_rng(0), draws=5)
    assert (found.untouched, found.removal) == (1, {})
    for model in MODELS:
        assert found.of(model)[NOBODY].credit == 1
        assert found.of(model)[NOBODY].value_fen == 500


def test_intervals_stand_on_persons_and_cover_the_share():
    """A person with forty identical purchases is one witness, not forty: the interval stays wide."""
    paths = [Path("fan", ("群",), f"f{i}", 1) for i in range(40)]
    paths += [Path(f"p{i}", ("活动",), f"c{i}", 1) for i in range(40)]
    found = attribution.attribute(paths, np.random.default_rng(3), draws=400)
    low, high = found.of("last")["群"].ci
    assert low == 0.0  # left out of more than a third of the draws
    assert high > 0.6
    alone = [Path(f"q{i}", ("群",) if i % 2 else ("活动",), f"c{i}", 1) for i in range(400)]
    row = attribution.attribute(alone, np.random.default_rng(3), draws=400).of("last")["群"]
    assert row.ci[0] < row.share < row.ci[1]
    assert row.ci[1] - row.ci[0] == pytest.approx(2 * 1.96 * (0.25 / 400) ** 0.5, rel=0.15)


def test_channels_without_any_effect_share_equally():
    assert attribution.share_of(("a", "b"), "removal", {"a": 0.0, "b": 0.0}) == {
        "a": Fraction(1, 2), "b": Fraction(1, 2),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("touches", "conversions"),
    [
        ([Touch("p", 0, "a", "billboard")], []),
        ([Touch("p", 0, NOBODY)], []),
        ([], [Conversion("1", "p", 0), Conversion("1", "q", 0)]),
    ],
)
def test_refused_at_the_door(touches, conversions):
    with pytest.raises(BadInput):
        attribution.paths_of(touches, conversions)


def test_without_a_conversion_there_is_nothing_to_credit():
    with pytest.raises(BadInput, match="conversions"):
        attribution.attribute([Path("p", ("a",), None, 0)], np.random.default_rng(0))


def test_control_arm_floats_do_not_add_up():
    """Why fractions: ten equal tenths as floats are not one."""
    assert sum([0.1] * 10) != 1.0
    assert sum([Fraction(1, 10)] * 10) == 1
