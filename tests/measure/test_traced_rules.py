"""Orders traced to community, as rules: precedence, window, one order once, refunds taken off."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tongxin.measure import rules_traced as rules
from tongxin.measure.rules_traced import Clue, Order, Sum, policy_on, trace
from tongxin.measure.terms_traced import POLICIES, Policy, Way, Why
from tongxin.measure.tracing import split_codes

NOON = datetime(2026, 3, 7, 4, 0, tzinfo=UTC)
POLICY = Policy(date(2026, 1, 1), 14, (Way.CODE, Way.LINK, Way.WINDOW), 91)
BAKING, MUMS, RUN = ("event", "baking"), ("community", "mums"), ("event", "run")


def order(number="1", *, days=0.0, paid=5_000, back=0, person=7):
    return Order("till", "S1", number, NOON + timedelta(days=days), paid, back, person)


def met(*things, days, why=Why.CAME):
    return Clue(Way.WINDOW, why, things, NOON + timedelta(days=days))


def mark(way, why, *things):
    return Clue(way, why, things)


VOUCHER = mark(Way.CODE, Why.VOUCHER, BAKING, MUMS)
LINK = mark(Way.LINK, Why.LINK, ("code", "pst-7"))


@pytest.mark.parametrize(
    ("marks", "meetings", "way", "why", "days"),
    [
        ([], [], None, None, None),
        ([VOUCHER, LINK], [met(RUN, days=-1)], Way.CODE, Why.VOUCHER, None),
        ([LINK], [met(RUN, days=-1)], Way.LINK, Why.LINK, None),
        ([], [met(RUN, days=-1)], Way.WINDOW, Why.CAME, 1),
        ([], [met(RUN, days=-14)], Way.WINDOW, Why.CAME, 14),  # the edge belongs to it
        ([], [met(RUN, days=-14.001)], None, None, None),
        ([], [met(RUN, days=0)], Way.WINDOW, Why.CAME, 0),
        ([], [met(RUN, days=0.001)], None, None, None),  # afterwards is not before
        (
            [],
            [met(RUN, days=-9), met(MUMS, days=-2, why=Why.JOINED)],
            Way.WINDOW,
            Why.JOINED,
            2,
        ),  # the last one
    ],
)
def test_the_firmest_clue_counts_and_says_why(marks, meetings, way, why, days):
    found = rules.trace_one(order(), marks, meetings, POLICY)
    assert (found and (found.clue.way, found.clue.why, found.days)) == ((way, why, days) if way else None)


def test_precedence_is_data():
    turned = Policy(date(2026, 6, 1), 14, (Way.WINDOW, Way.CODE), 91)
    found = rules.trace_one(order(), [VOUCHER, LINK], [met(RUN, days=-1)], turned)
    assert found.clue.way is Way.WINDOW
    assert rules.trace_one(order(), [LINK], [], turned) is None  # a way that is not named does not count


def test_an_order_counts_once_and_refunds_come_off():
    orders = [
        order("1", back=1_000),
        order("1", back=1_000),
        order("2", back=5_000),
        order("3"),
        order("4", days=-3),
    ]
    marks = {one.key: [VOUCHER] for one in orders[:3]}
    found = trace(orders, marks, {7: [met(RUN, days=-1), met(RUN, days=-1)]}, POLICY)
    assert [(one.order.number, one.clue.way, one.order.net_fen) for one in found.traced] == [
        ("1", Way.CODE, 4_000),
        ("3", Way.WINDOW, 5_000),
    ]
    assert (found.orders, found.net_fen, found.given_back, found.mirrored) == (4, 14_000, 1, 1)
    assert rules.by_way(found.traced) == {Way.CODE: Sum(1, 4_000), Way.LINK: Sum(), Way.WINDOW: Sum(1, 5_000)}
    assert rules.by_thing(found.traced, "event") == {"run": Sum(1, 5_000), "baking": Sum(1, 4_000)}
    assert rules.by_thing(found.traced, "community") == {"mums": Sum(1, 4_000)}


def test_without_counting_once_the_sums_would_be_wrong(monkeypatch):
    """Control arm: keys that never repeat let the same order in twice."""
    monkeypatch.setattr(Order, "key", property(lambda self: ("till", "S1", str(id(self)))))
    twice = [order("1"), order("1")]
    assert trace(twice, {one.key: [VOUCHER] for one in twice}, {}, POLICY).orders == 2


def test_the_newest_rules_that_hold(monkeypatch):
    later = Policy(date(2026, 6, 1), 7, POLICIES[0].precedence, 91)
    monkeypatch.setattr(rules, "POLICIES", (POLICY, later))
    assert [policy_on(date(2026, 5, 31)), policy_on(date(2026, 6, 1)), policy_on(date(2020, 1, 1))] == [
        POLICY,
        later,
        POLICY,
    ]


def test_codes_in_one_cell():
    assert split_codes("A1， A2;B3|") == ("A1", "A2", "B3")
