"""Own rhythm and survival of members seen once, beside hand-written loops."""

import statistics
from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.dormancy import days, rhythm, survival
from tongxin.compass.errors import BadInput

DEEDS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 120)), max_size=40)


def columns(deeds):
    return tuple(np.array([row[i] for row in deeds], dtype=int) for i in (0, 1))


def by_hand(deeds, as_of, segment, pull=3.0):
    """States from plain lists: median gap, drawn to the segment's on the log scale."""
    seen = {m: sorted({d for who, d in deeds if who == m and d <= as_of}) for m in range(6)}
    gaps = {m: [b - a for a, b in pairwise(v)] for m, v in seen.items()}
    own = {m: statistics.median(g) for m, g in gaps.items() if g}
    out = []
    for m in range(6):
        if not seen[m]:
            out.append("never")
        elif not gaps[m]:
            out.append("once")
        else:
            mates = [own[k] for k in own if segment[k] == segment[m]]
            towards = statistics.median(mates)
            n = len(gaps[m])
            usual = exp((n * log(own[m]) + pull * log(towards)) / (n + pull))
            ratio = (as_of - seen[m][-1]) / usual
            out.append("dormant" if ratio > 4 else "at_risk" if ratio > 2 else "active")
    return out


@given(DEEDS, st.lists(st.integers(0, 2), min_size=6, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_states_are_the_hand_written_ones_in_any_order(deeds, segment, chance):
    found = rhythm.of(days.build([columns(deeds)], 6), 100, np.array(segment))
    assert [rhythm.STATES[place] for place in found.state] == by_hand(deeds, 100, segment)
    chance.shuffle(deeds)
    again = rhythm.of(days.build([columns(deeds)], 6), 100, np.array(segment))
    assert again.usual.tobytes() == found.usual.tobytes()


def test_a_slow_member_is_not_dormant_and_a_fast_one_is():
    """One rule for all (say 60 days) would get both wrong."""
    slow = (np.zeros(6, dtype=int), np.arange(6) * 60)
    fast = (np.ones(43, dtype=int), np.arange(43) * 7)
    found = rhythm.of(days.build([slow, fast], 2), 294 + 62, np.array([0, 1]))
    assert found.since_last.tolist() == [56, 62]
    assert [rhythm.STATES[s] for s in found.state] == ["active", "dormant"]


def test_a_lurker_who_reads_is_not_dormant():
    bought = (np.zeros(5, dtype=int), np.array([0, 7, 14, 21, 28]))
    read = (np.zeros(10, dtype=int), np.arange(35, 105, 7))
    without = rhythm.of(days.build([bought], 1), 100)
    with_reading = rhythm.of(days.build([bought, read], 1), 100)
    assert rhythm.STATES[without.state[0]] == "dormant"  # the control arm: what reading is there to prevent
    assert rhythm.STATES[with_reading.state[0]] == "active"


def test_later_days_are_not_looked_at():
    deeds = (np.zeros(4, dtype=int), np.array([0, 10, 20, 500]))
    found = rhythm.of(days.build([deeds], 1), 30)
    assert (found.since_last[0], rhythm.STATES[found.state[0]]) == (10, "active")


def test_a_day_counts_once_whatever_was_done():
    found = days.build([(np.array([0, 0]), np.array([5, 5])), (np.array([0]), np.array([5]))], 1)
    assert found.count.tolist() == [1]
    assert (found.first[0], found.last[0]) == (5, 5)


def test_days_and_segments_refuse_by_name():
    with pytest.raises(BadInput, match="1 members and 2 days"):
        days.build([(np.array([0]), np.array([1, 2]))], 1)
    with pytest.raises(BadInput, match="out of range"):
        days.build([(np.array([3]), np.array([1]))], 2)
    with pytest.raises(BadInput, match="segment"):
        rhythm.of(days.build([], 2), 10, np.zeros(3))
    nobody = rhythm.of(days.build([], 2), 10)
    assert [rhythm.STATES[s] for s in nobody.state] == ["never", "never"]


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_kaplan_meier_is_the_product_of_the_definition(people):
    wait, came = (np.array([p[i] for p in people]) for i in (0, 1))
    curve = survival.kaplan_meier(wait, came)
    away = 1.0
    for t in range(1, 21):
        at_risk = sum(w >= t for w in wait)
        back = sum(w == t and c for w, c in people)
        away *= 1 - back / at_risk if at_risk else 1
        assert curve.at(np.array([t]))[0] == pytest.approx(away, abs=1e-12)
    assert (np.diff(curve.away) <= 0).all()


def test_kaplan_meier_reproduces_the_printed_remission_times():
    """6-MP arm of Freireich et al. 1963 as printed in every survival text: .857 after 6 weeks, .448 after 23."""
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    left = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = survival.kaplan_meier(np.array(done + left), np.array([True] * 9 + [False] * 12))
    assert curve.away.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert np.sqrt(curve.variance).round(4).tolist() == [
        0.0764,
        0.0869,
        0.0963,
        0.1068,
        0.1141,
        0.1282,
        0.1346,
    ]


def test_nothing_is_said_beyond_what_was_watched():
    curve = survival.kaplan_meier(np.array([5, 10, 30]), np.array([True, False, False]))
    told = survival.chance_of_return(curve, np.array([0, 25]), 10)
    assert told[0] == pytest.approx(1 / 3)
    assert np.isnan(told[1])


def test_cohorts_have_their_own_curve_only_when_they_are_large_enough():
    rng = np.random.default_rng(2)
    first = np.concatenate((np.zeros(80, dtype=int), np.full(20, 150)))
    second = first + rng.integers(1, 60, 100)
    some = rng.random(100) < 0.5
    who = np.arange(100)
    found = survival.by_cohort(days.build([(who, first), (who[some], second[some])], 100), 200)
    assert set(found) == {-1, 2}
    assert (found[-1].members, found[2].members) == (100, 80)
