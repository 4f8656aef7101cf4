"""Each line of the table of gates, as (situation, verdict)."""

from dataclasses import replace

import pytest

from rings.worlds import INNER, MIDDLE, NOTHING, NOW, OUTER, POLICY, REGULAR, RICH, TODAY, stood
from tongxin.rings import rules
from tongxin.rings.rules.gates import low, missing
from tongxin.rings.terms import Cause, Gate, Move, Reason


@pytest.mark.parametrize(
    ("situation", "change", "ring"),
    [
        ("one check-in and enough contribution", {}, MIDDLE),
        ("no consent", {"consented": False}, OUTER),
        ("no check-in and too few days", {"checkins": 0, "days_56": 3, "weeks_56": 3}, OUTER),
        ("no check-in but four days over three weeks", {"checkins": 0, "days_56": 4, "weeks_56": 3}, MIDDLE),
        ("four days, but all within two weeks", {"checkins": 0, "days_56": 4, "weeks_56": 2}, OUTER),
        ("nine days over one week", {"checkins": 0, "days_56": 9, "weeks_56": 1}, OUTER),
        ("contribution just below the bar", {"contribution": 9.999999}, OUTER),
        ("contribution on the bar", {"contribution": 10.0}, MIDDLE),
    ],
)
def test_outer_to_middle(situation, change, ring):
    verdict = rules.decide(replace(REGULAR, **change), POLICY, NOW, stood(OUTER, 10))
    assert verdict.ring is ring, situation
    assert verdict.moved is (Move.NEARER if ring is MIDDLE else None)
    assert verdict.reasons == ((Reason.GATES_MET if ring is MIDDLE else Reason.GATES_NOT_MET),)


@pytest.mark.parametrize(
    ("situation", "change", "unmet"),
    [
        ("all lines hold", {}, ()),
        ("19 active days", {"days_91": 19}, (Gate.DAYS_91,)),
        ("7 weeks", {"weeks_91": 7}, (Gate.WEEKS_91,)),
        ("2 verified contributions", {"verified": 2}, (Gate.VERIFIED,)),
        ("of one kind only", {"verified_kinds": 1}, (Gate.VERIFIED_KINDS,)),
        ("recognised by 4", {"recognised_by": 4}, (Gate.RECOGNISED_BY,)),
        ("on 6 days", {"recognised_days": 6}, (Gate.RECOGNISED_DAYS,)),
        ("an upheld violation", {"violations": 1}, (Gate.VIOLATIONS,)),
        ("S below 40", {"contribution": 39.9}, (Gate.CONTRIBUTION,)),
    ],
)
def test_middle_to_candidate(situation, change, unmet):
    evidence = replace(RICH, **change)
    verdict = rules.decide(evidence, POLICY, NOW, stood(MIDDLE, 200))
    assert tuple(line.gate for line in missing(verdict.gates)) == unmet, situation
    assert verdict.candidate is (unmet == ())
    # A candidate is not inside: that takes the member's yes and a person's name.
    assert verdict.ring is MIDDLE
    assert verdict.moved is None


@pytest.mark.parametrize(
    ("situation", "change", "ring", "reason"),
    [
        ("accepted and confirmed", {}, INNER, Reason.CONFIRMED),
        ("the gates fell away meanwhile", {"verified": 2}, MIDDLE, Reason.NOT_CONFIRMED_ANY_MORE),
    ],
)
def test_candidate_to_inner(situation, change, ring, reason):
    verdict = rules.decide(replace(RICH, **change), POLICY, NOW, stood(MIDDLE, 200, confirmed=True))
    assert (verdict.ring, verdict.reasons) == (ring, (reason,)), situation
    assert verdict.cause is (Cause.HUMAN if ring is INNER else Cause.AUTO)
    assert verdict.standing.confirmed is False, "a word is used up by being used"


def test_known_people_are_in_the_outer_ring_and_hear_what_leads_inwards():
    verdict = rules.decide(replace(NOTHING, consented=False), POLICY, NOW)
    assert (verdict.ring, verdict.moved) == (OUTER, Move.ARRIVED)
    assert [line.gate for line in verdict.held] == [Gate.KNOWN]
    assert [line.gate for line in verdict.gates] == [
        Gate.CONSENT, Gate.CHECKINS, Gate.DAYS_56, Gate.WEEKS_56, Gate.CONTRIBUTION,
    ]  # fmt: skip


def test_somebody_new_may_start_in_the_middle_but_never_inside():
    verdict = rules.decide(RICH, POLICY, NOW)
    assert (verdict.ring, verdict.moved) == (MIDDLE, Move.ARRIVED)


def test_one_step_a_run_at_most():
    assert rules.decide(RICH, POLICY, NOW, stood(OUTER, 10)).ring is MIDDLE
    again = rules.decide(RICH, POLICY, NOW, rules.decide(RICH, POLICY, NOW, stood(OUTER, 10)).standing)
    assert (again.ring, again.moved, again.reasons) == (MIDDLE, None, (Reason.MOVED_IN_THIS_RUN,))
    fallen = rules.decide(REGULAR, POLICY, NOW, stood(OUTER, 0))
    assert (fallen.ring, fallen.reasons) == (OUTER, (Reason.MOVED_IN_THIS_RUN,)), (
        "just demoted: not promoted in the same run"
    )


def test_spend_and_reach_are_no_gates():
    assert not {"spend", "reach", "orders"} & set(rules.Evidence.__dataclass_fields__)


def test_staff_are_not_placed():
    verdict = rules.decide(replace(RICH, staff=True), POLICY, NOW, stood(INNER, 400))
    assert (verdict.ring, verdict.auto, verdict.reasons) == (None, None, (Reason.STAFF,))


def test_low_water_marks_follow_the_ring_one_would_leave():
    middle = {line.gate: line.low for line in rules.middle_lines(NOTHING, POLICY)}
    assert middle == {
        Gate.CONSENT: None, Gate.CHECKINS: 0.8, Gate.DAYS_56: 3.2, Gate.WEEKS_56: pytest.approx(2.4), Gate.CONTRIBUTION: 8.0,
    }  # fmt: skip
    inner = {line.gate: line.low for line in rules.inner_lines(NOTHING, POLICY)}
    assert inner[Gate.DAYS_91] == pytest.approx(14.0)
    assert inner[Gate.CONTRIBUTION] == pytest.approx(28.0)
    assert inner[Gate.VIOLATIONS] is None


def test_nothing_graded_is_never_low():
    assert not low(rules.lines_of(OUTER, NOTHING, POLICY))


def test_on_is_kept():
    assert rules.blank(TODAY).on == TODAY
