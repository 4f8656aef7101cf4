"""Slow to let go: the way out of the middle and of the inner ring, and what that is worth."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from rings.worlds import DAY, INNER, MIDDLE, NOTHING, NOW, OUTER, POLICY, REGULAR, RICH, TODAY, WEEK, stood
from tongxin.rings import rules
from tongxin.rings.rules.traces import week
from tongxin.rings.terms import Move, Reason

THIS_WEEK = week(TODAY.toordinal())


@pytest.mark.parametrize(
    ("situation", "evidence", "ring", "low_runs"),
    [
        ("every line below 0.8", {"contribution": 7.99}, OUTER, 0),
        ("contribution still at 0.8", {"contribution": 8.0}, MIDDLE, 0),
        ("one check-in holds", {"checkins": 1}, MIDDLE, 0),
        ("four days hold, three do not", {"days_56": 4, "weeks_56": 2}, MIDDLE, 0),
        ("three days in two weeks do not hold", {"days_56": 3, "weeks_56": 2}, OUTER, 0),
        ("three weeks hold", {"days_56": 3, "weeks_56": 3}, MIDDLE, 0),
    ],
)
def test_every_line_must_be_low(situation, evidence, ring, low_runs):
    before = stood(MIDDLE, 60, low_runs=3, low_week=THIS_WEEK - 1)
    verdict = rules.decide(replace(NOTHING, **evidence), POLICY, NOW, before)
    assert (verdict.ring, verdict.standing.low_runs) == (ring, low_runs), situation


@pytest.mark.parametrize(
    ("situation", "days", "low_runs", "low_week", "ring", "reason"),
    [
        ("first low week", 60, 0, 0, MIDDLE, Reason.HELD_WEEKS),
        ("third low week", 60, 2, THIS_WEEK - 1, MIDDLE, Reason.HELD_WEEKS),
        ("fourth low week", 60, 3, THIS_WEEK - 1, OUTER, Reason.LOW_FOR_WEEKS),
        ("a second run in the third low week", 60, 3, THIS_WEEK, MIDDLE, Reason.HELD_WEEKS),
        ("fourth low week on day 27", 27, 3, THIS_WEEK - 1, MIDDLE, Reason.HELD_MINIMUM_STAY),
        ("fourth low week on day 28", 28, 3, THIS_WEEK - 1, OUTER, Reason.LOW_FOR_WEEKS),
        ("fifth low week after the minimum stay", 30, 5, THIS_WEEK - 1, OUTER, Reason.LOW_FOR_WEEKS),
    ],
)
def test_out_of_the_middle(situation, days, low_runs, low_week, ring, reason):  # noqa: PLR0917 the columns of the table
    verdict = rules.decide(NOTHING, POLICY, NOW, stood(MIDDLE, days, low_runs=low_runs, low_week=low_week))
    assert (verdict.ring, verdict.reasons) == (ring, (reason,)), situation
    assert verdict.moved is (Move.FARTHER if ring is OUTER else None)


def test_one_good_week_starts_the_count_again():
    standing = stood(MIDDLE, 60)
    rings = []
    for n in range(8):
        evidence = replace(REGULAR if n == 3 else NOTHING, on=TODAY + n * WEEK)
        verdict = rules.decide(evidence, POLICY, NOW + n * WEEK, standing)
        standing, rings = verdict.standing, [*rings, verdict.ring]
    assert rings == [MIDDLE] * 7 + [OUTER]


REVIEW = 91


@pytest.mark.parametrize(
    ("situation", "days", "more", "evidence", "ring", "reason", "announce"),
    [
        ("low, but the review is far", 60, {}, NOTHING, INNER, Reason.HELD_UNTIL_REVIEW, False),
        ("low two weeks before: the champion is told", 77, {}, NOTHING, INNER, Reason.HELD_NOTICE, True),
        ("fine two weeks before", 77, {}, RICH, INNER, Reason.HELD_UNTIL_REVIEW, False),
        ("told, waiting for the day", 85, {"told": 8}, NOTHING, INNER, Reason.HELD_UNTIL_REVIEW, False),
        ("the day, told 14 days ago, still low", 91, {"told": 14}, NOTHING, MIDDLE, Reason.LOW_AT_REVIEW, False),
        ("the day, told 13 days ago", 91, {"told": 13}, NOTHING, INNER, Reason.HELD_NOTICE, False),
        ("the day, nobody was told", 91, {}, NOTHING, INNER, Reason.HELD_NOTICE, True),
        ("told, but back above the mark", 91, {"told": 14}, RICH, INNER, Reason.REVIEW_PASSED, False),
        ("one line at 0.7 holds", 91, {"told": 14}, replace(NOTHING, contribution=28.01), INNER, Reason.REVIEW_PASSED, False),
        ("just below 0.7 everywhere", 91, {"told": 14}, replace(NOTHING, contribution=27.9, days_91=13), MIDDLE, Reason.LOW_AT_REVIEW, False),
        ("passed a month ago: next quarter", 121, {"reviewed": 30}, NOTHING, INNER, Reason.HELD_UNTIL_REVIEW, False),
        ("the next quarter comes", 182, {"reviewed": 91, "told": 20}, NOTHING, MIDDLE, Reason.LOW_AT_REVIEW, False),
    ],
)  # fmt: skip
def test_out_of_the_inner(situation, days, more, evidence, ring, reason, announce):  # noqa: PLR0917 the columns of the table
    before = stood(
        INNER,
        days,
        announced_at=NOW - more["told"] * DAY if "told" in more else None,
        reviewed_at=NOW - more["reviewed"] * DAY if "reviewed" in more else None,
    )
    verdict = rules.decide(evidence, POLICY, NOW, before)
    assert (verdict.ring, verdict.reasons, verdict.announce) == (ring, (reason,), announce), situation
    if reason is Reason.REVIEW_PASSED:
        assert (verdict.standing.reviewed_at, verdict.standing.announced_at) == (NOW, None)
    if announce:
        assert verdict.standing.announced_at == NOW


def test_from_inside_one_falls_to_the_middle_only_however_little_is_left():
    verdict = rules.decide(NOTHING, POLICY, NOW, stood(INNER, 91, announced_at=NOW - 14 * DAY))
    assert verdict.ring is MIDDLE


def flapping(policy, members=120, weeks=104):
    """Moves and reversals within 8 weeks a member and year, where contribution wanders (AR(1)) about each one's own level."""
    random, moves, reversals = Random(11), 0, 0
    for _ in range(members):
        level, noise, standing, last = random.uniform(4, 18), 0.0, rules.FRESH, None
        for n in range(weeks):
            noise = 0.6 * noise + random.gauss(0, 2.5)
            value = max(0.0, level + noise)
            evidence = replace(
                NOTHING,
                on=TODAY + n * WEEK,
                checkins=int(value >= 10),
                contribution=value,
                days_56=0,
                weeks_56=0,
            )
            verdict = rules.decide(evidence, policy, NOW + n * WEEK, standing)
            if verdict.moved in (Move.NEARER, Move.FARTHER):
                moves += 1
                reversals += last is not None and n - last <= 8
                last = n
            standing = verdict.standing
    return moves / members / (weeks / 52), reversals / members / (weeks / 52)


def test_hysteresis_calms_the_rings():
    none = replace(POLICY, middle_exit=replace(POLICY.middle_exit, low_water=1.0, runs=1, stay_days=0))
    moves, reversals = flapping(POLICY)
    wild_moves, wild_reversals = flapping(none)  # the control arm: without it people flap
    assert wild_reversals > 1.5
    assert wild_reversals > 4 * reversals, "the design measured a cut of 4 to 14 times"
    assert wild_moves > 3 * moves


def test_a_missed_week_neither_counts_nor_forgives():
    before = stood(MIDDLE, 60, low_runs=3, low_week=THIS_WEEK - 3)
    assert rules.decide(NOTHING, POLICY, NOW, before).ring is OUTER
    assert rules.decide(NOTHING, POLICY, NOW + timedelta(hours=1), before).ring is OUTER
