"""Somebody else's community in numbers, and when a deal is stopped: tables, hand-made values, a small simulation with a peeking control."""

import random
from datetime import date

import pytest

from tongxin.amplify.rules import outside as rules
from tongxin.amplify.rules import outside_watch as watching
from tongxin.amplify.rules.outside import Seen, Span
from tongxin.amplify.rules.outside_watch import Week
from tongxin.amplify.terms_outside import JUDGING, OutsidePart

TODAY = JUDGING[-1]
GOOD = Seen(
    active=240, posts=400, repeated=8, on_topic=260, unsafe=2, joined=12, burst=2, questions=60, answered=48, sampled=250,
    in_target=180, ours=50, first=180, second=170, both=120,
)  # fmt: skip
CLAIMED = 400


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_a_share_by_wilson(part, whole, low, high):
    found = rules.share(part, whole)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_people_seen_twice_by_chapman():
    """By hand: (181·171)/121 − 1 = 254.793; Seber's variance 181·171·60·50/(121²·122) = 51.98."""
    found = rules.people(GOOD)
    assert (round(found.value, 3), round(found.high - found.value, 2)) == (254.793, 14.13)
    assert found.low == pytest.approx(240.66, abs=0.01)
    alone = rules.people(Seen(active=9, posts=1))
    assert alone == Span(9.0, 9.0, 9.0, 9)


def test_what_is_newly_reached_takes_off_who_is_ours():
    found = rules.newly_reached([GOOD])
    assert found.value == pytest.approx(254.793 * 0.8, abs=0.01)
    assert 0 < found.low < found.value < found.high


def test_an_evaluation_has_five_parts_and_an_interval():
    found = rules.evaluate([GOOD] * 4, CLAIMED, TODAY)
    shares = {part: round(span.value, 3) for part, span in found.parts}
    assert shares == {
        OutsidePart.FIT: 0.72,
        OutsidePart.TOPIC: 0.65,
        OutsidePart.AUTHENTIC: round((0.6 + 0.98 + (1 - 8 / 48)) / 3, 3),
        OutsidePart.ENERGY: 0.7,
        OutsidePart.SAFETY: 0.995,
    }
    assert round(found.score.value, 1) == 76.3
    assert found.score.low < found.score.value < found.score.high < found.score.low + 8
    assert (found.vetoes, found.thin) == ((), ())
    thin = rules.evaluate([Seen(active=4, posts=4)], 4, TODAY)
    assert thin.thin == ("few_profiles", "few_weeks", "no_second_look")
    assert thin.score.high - thin.score.low > 25, "little was seen, so little is said"


@pytest.mark.parametrize(
    ("seen", "claimed", "vetoes"),
    [
        (GOOD, CLAIMED, ()),
        (Seen(active=60, posts=400, repeated=380, joined=100, burst=95), 2_000, ("not_authentic",)),
        (Seen(active=300, posts=400, unsafe=40), CLAIMED, ("unsafe",)),
        (Seen(active=300, posts=10, unsafe=1), CLAIMED, ()),  # one of ten is no proof yet
    ],
)
def test_what_forbids_working_together(seen, claimed, vetoes):
    assert rules.evaluate([seen], claimed, TODAY).vetoes == vetoes


@pytest.mark.parametrize(
    "change", [{"repeated": 401}, {"in_target": 251}, {"both": 171}, {"active": 401}, {"active": 0}]
)
def test_counts_that_cannot_be(change):
    assert rules.fits(GOOD, CLAIMED)
    assert not rules.fits(Seen(**{**GOOD.__dict__, **change}), CLAIMED)


def test_the_ceiling_is_careful_and_never_below_nothing():
    dear = rules.ceiling([GOOD], value_fen=20_000, run_fen=0, joined=(40, 1_000), judging=TODAY)
    assert 0 < dear.most_fen < dear.joins.value * 20_000
    assert dear.base_most_fen == dear.most_fen * 400 // 1000
    assert rules.ceiling([GOOD], value_fen=20_000, run_fen=10**9, joined=None, judging=TODAY).most_fen == 0
    richer = rules.ceiling([GOOD], value_fen=20_000, run_fen=0, joined=(400, 10_000), judging=TODAY)
    assert richer.most_fen > dear.most_fen, "the same share known better is worth more"


@pytest.mark.parametrize(
    ("kept", "paid", "due"), [(0, 0, 0), (3, 0, 300), (3, 3, 0), (12, 3, 700), (2, 3, 0)]
)
def test_a_kept_join_is_paid_once_and_to_the_cap(kept, paid, due):
    assert rules.due_joins_fen(kept=kept, paid=paid, most_joins=10, per_join_fen=100) == due


def test_the_newest_rules_hold():
    assert rules.judging_on(date(2020, 1, 1)) is JUDGING[0]
    assert sum(weight for _, weight in TODAY.weights) == 100


# ---- stopping


def test_what_must_come_in_for_the_base_to_come_back():
    even = watching.even_rate(fixed_fen=96_000, weeks=8, value_fen=10_000, per_join_fen=2_000, organic=200)
    assert even == 2.0
    assert watching.even_rate(fixed_fen=0, weeks=8, value_fen=1, per_join_fen=0, organic=0) is None
    assert watching.even_rate(fixed_fen=5, weeks=8, value_fen=100, per_join_fen=80, organic=200) is None


@pytest.mark.parametrize(
    ("joined", "stop"),
    [
        ([8] * 26, ""),
        ([0] * 26, "too_few"),
        ([0] * 2, ""),  # before a quarter of the term nothing is stopped
    ],
)
def test_a_deal_that_brings_nothing_is_stopped(joined, stop):
    weeks = [Week(200, n) for n in joined]
    found = watching.watch(weeks, term=26, even=8.0, alpha=0.05, cluster=4, complaints_most=0.002)
    assert found.stop == stop
    low, high = found.rate
    assert low <= found.joined / found.weeks <= high


def test_complaints_stop_at_once():
    found = watching.watch(
        [Week(200, 9, 12)], term=26, even=8.0, alpha=0.05, cluster=4, complaints_most=0.002
    )
    assert (found.stop, found.weeks) == ("complaints", 1)


def _poisson(dice, mean):
    limit, count, product = 2.718281828459045**-mean, 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def _weeks(dice, even, cluster, term):
    """Weeks of a deal that is exactly worth its price: friends join together, one to `cluster` at once."""
    mean = (1 + cluster) / 2
    return [sum(dice.randint(1, cluster) for _ in range(_poisson(dice, even / mean))) for _ in range(term)]


def test_looking_every_week_does_not_stop_what_is_worth_it():
    """1,000 deals on the edge: at most 5 % are stopped; the control arm that peeks at an ordinary test stops far more (10,000 in bench)."""
    dice, deals, term, even = random.Random(7), 1_000, 26, 6.0
    ours = peeked = 0
    for _ in range(deals):
        joined = _weeks(dice, even, 4, term)
        ours += max(watching.too_few(joined, even, 4)) >= 2 / 0.05
        peeked += watching.peeking(joined, even, 0.05)
    assert ours <= 0.05 * deals
    assert peeked > 0.25 * deals
