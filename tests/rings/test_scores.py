"""The numbers behind the lines: windows, decay, bursts, recognition."""

from dataclasses import replace
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rings.worlds import POLICY, TODAY, did, heard, member
from tongxin.rings import rules
from tongxin.rings.rules.traces import factor, score
from tongxin.rings.terms import Gate


def on(traces):
    return rules.weigh(traces, TODAY, POLICY)


def test_one_check_in_is_worth_its_weight_and_halves_in_56_days():
    assert on(member(did("checked_in", 0))).contribution == 4.0
    assert on(member(did("checked_in", 56))).contribution == 2.0
    assert on(member(did("checked_in", 112))).contribution == 1.0
    assert on(member(did("posted", 28))).contribution == 1.0
    assert on(member(did("co_hosted", 120))).contribution == 4.0


@pytest.mark.parametrize(("count", "worth"), [(1, 1.0), (2, 1 + log(2)), (3, 2.0), (50, 2.0)])
def test_a_burst_on_one_day_counts_hardly_more(count, worth):
    (deed,) = did("posted", 0, count=count)
    assert factor(deed, POLICY) == pytest.approx(worth)
    assert on(member((deed,))).contribution == pytest.approx(2 * worth)


def test_reading_all_day_is_reading_once_and_headquarters_may_set_another_cap():
    assert factor(*did("read", 0, count=90), POLICY) == 1.0
    own = replace(POLICY, counting=replace(POLICY.counting, caps={"posted": 1.0}))
    assert factor(*did("posted", 0, count=9), own) == 1.0
    assert factor(*did("answered", 0, count=9), own) == 2.5


def test_registering_without_coming_is_worth_nothing_and_is_no_presence():
    evidence = on(member(did("registered", 0, 7, 14, 21)))
    assert (evidence.contribution, evidence.days_56, evidence.commitment) == (0.0, 0, 0)


def test_a_day_counts_once_whatever_was_done():
    evidence = on(member(did("checked_in", 3, count=2), did("posted", 3, count=9), did("read", 3)))
    assert (evidence.days_56, evidence.weeks_56, evidence.checkins) == (1, 1, 2)


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [("days_56", 55, 56), ("days_91", 90, 91), ("checkins", 90, 91)],
)
def test_window_edges(field, inside, outside):
    assert getattr(on(member(did("checked_in", inside))), field) == 1
    assert getattr(on(member(did("checked_in", outside))), field) == 0


def test_weeks_are_calendar_weeks_from_monday():
    assert on(member(did("posted", 0, 1))).weeks_56 == 2, "Monday and the Sunday before it"
    assert on(member(did("posted", 1, 7))).weeks_56 == 1, "Sunday and the Monday of the same week"


def test_verified_contributions_need_weight_5_verification_and_half_a_year():
    evidence = on(
        member(
            did("answer_accepted", 10, 181),
            did("co_hosted", 20),
            did("co_hosted", 30, verified=0),
            did("featured", 182),
            did("checked_in", 5),
        )
    )
    assert (evidence.verified, evidence.verified_kinds, evidence.commitment) == (3, 2, 8)


def test_recognition_counts_people_and_days_in_100_days():
    evidence = on(member(recognitions=heard((0, 7), (0, 8), (3, 7), (99, 9), (100, 10))))
    assert (evidence.recognised_by, evidence.recognised_days) == (3, 3)


def test_violations_lapse_after_91_days():
    day = TODAY.toordinal()
    assert on(member(violations=((day - 90, 1), (day - 91, 2)))).violations == 1


def test_future_deeds_do_not_count_yet():
    evidence = on(member(did("checked_in", -1), did("co_hosted", -5)))
    assert (evidence.contribution, evidence.days_56, evidence.verified) == (0.0, 0, 0)


def test_at_most_five_rows_are_cited_newest_first():
    evidence = on(
        member(did("checked_in", *range(0, 40, 5)), recognitions=heard(*((a, a) for a in range(9))))
    )
    assert evidence.cited(Gate.CHECKINS) == (1000, 1005, 1010, 1015, 1020)
    assert len(evidence.cited(Gate.RECOGNISED_BY)) == 5
    assert evidence.cited(Gate.CONSENT) == ()
    assert rules.weigh(member(did("checked_in", 1)), TODAY, POLICY, cite=False).ids == ()


def test_a_day_with_two_deeds_is_cited_once():
    evidence = on(
        member(did("checked_in", 3, ids=(1, 2)), did("posted", 3, ids=(9,)), did("posted", 5, ids=(4,)))
    )
    assert evidence.cited(Gate.DAYS_56) == (9, 4)


@given(
    st.lists(
        st.tuples(st.sampled_from(["checked_in", "posted", "co_hosted"]), st.integers(0, 300)), unique=True
    ),
    st.randoms(),
)
def test_the_order_of_rows_does_not_change_a_bit(rows, random):
    deeds = [d for kind, age in rows for d in did(kind, age)]
    shuffled = deeds[:]
    random.shuffle(shuffled)
    today = TODAY.toordinal()
    assert score(deeds, today, POLICY).hex() == score(shuffled, today, POLICY).hex()
