"""Halves for concentration and journeys for attribution, from canonical tables against plain loops."""

from datetime import date

import numpy as np
import pytest
from ees_facts import stamp, table

from tongxin.compass import attribution, halves, journeys
from tongxin.compass.dataset import open_sources
from tongxin.compass.errors import BadInput

ORDERS = ("order_no", "ordered_at", "store_code", "member_code", "total_paid")


def chain(seed=1, people=40, days=200, **more):
    rng = np.random.default_rng(seed)
    rows = [
        (f"O{n}", stamp(rng.integers(0, days)), "S1", f"M{rng.integers(people):02d}" if rng.random() < 0.95 else None, str(rng.integers(1, 90)))
        for n in range(900)
    ]  # fmt: skip
    return {"orders": table(rows, *ORDERS)} | more


def test_halves_against_plain_loops_with_refunds():
    tables = chain()
    rows = tables["orders"].to_pylist()
    back = [
        (f"R{n}", row["order_no"], row["ordered_at"], row["total_paid"], "S1")
        for n, row in enumerate(rows[::7])
    ]
    tables["refunds"] = table(back, "refund_no", "order_no", "refunded_at", "amount", "store_code")
    opened = open_sources(tables)
    last, first = opened.last_day, opened.first_day
    length = ((last - first).days + 1) // 2
    sums = {}
    for n, row in enumerate(rows):
        if row["member_code"] is None:
            continue
        age = (last - date.fromisoformat(row["ordered_at"][:10])).days
        if 0 <= age < 2 * length:
            half = sums.setdefault(row["member_code"], [0, 0])
            half[age < length] += 0 if n % 7 == 0 else int(row["total_paid"])
    revenue, growth = halves.of(opened)
    codes = sorted(sums)
    assert revenue.before.tolist() == [sums[code][0] for code in codes]
    assert revenue.after.tolist() == [sums[code][1] for code in codes]
    assert growth.signed
    assert (growth.after == revenue.after - revenue.before).all()
    no_store = dict(tables)
    no_store["refunds"] = tables["refunds"].drop_columns(["store_code"])
    assert (halves.of(open_sources(no_store))[0].after == revenue.after).all()


def test_ties_belong_to_whose_doing_they_are_and_staff_and_refusers_are_left_out():
    ties = [
        ("M01", "M02", "referral", stamp(5)), ("M01", "M03", "referral", stamp(150)), ("M04", "M05", "answer", stamp(5)),
        ("M06", "M05", "accepted", stamp(4)), ("M07", "M05", "like", stamp(4)), ("M08", "M09", "referral", stamp(5)),
    ]  # fmt: skip
    tables = chain(
        ties=table(ties, "from_member_code", "to_member_code", "kind", "at"),
        staff=table([("W", "店员", "S1", "M08")], "staff_code", "name", "store_code", "member_code"),
        members=table([("M04", False), ("M05", True)], "member_code", "consent_measurement"),
    )
    found = {each.measure: each for each in halves.of(open_sources(tables))}
    assert (found["referrals"].before.tolist(), found["referrals"].after.tolist()) == ([1], [1])
    assert (found["output"].before.tolist(), found["output"].after.tolist()) == (
        [0],
        [1],
    )  # M05, whom M06 accepted
    assert len(found["revenue"].before) == 38
    none = {
        each.measure
        for each in halves.of(
            open_sources(chain(ties=table(ties[4:5], "from_member_code", "to_member_code", "kind", "at")))
        )
    }
    assert none == {"revenue", "growth"}


def test_halves_refuse_what_cannot_be_halved():
    with pytest.raises(BadInput, match="member_code"):
        halves.of(open_sources({"members": table([("a",)], "member_code")}))
    with pytest.raises(BadInput, match="two days"):
        halves.of(open_sources({"orders": table([("1", stamp(0), "S", "a", "5")], *ORDERS)}))


def test_journeys_are_those_of_new_people():
    orders = [(f"B{n}", stamp(200 - n), "S1", "regular", "9") for n in range(200)]
    orders += [
        ("N2", stamp(20), "S1", "new", "30"), ("N1", stamp(20), "S1", "new", "50"), ("N3", stamp(3), "S1", "new", "70"),
        ("W1", stamp(10), "S1", "worker", "50"), ("F1", stamp(30), "S1", "friend", "8"),
    ]  # fmt: skip
    parts = [
        ("new", "event", "E1", "checked_in", stamp(24)), ("new", "event", "E2", "checked_in", stamp(2)),
        ("regular", "event", "E1", "checked_in", stamp(24)), ("looker", "campaign", "C1", "registered", stamp(9)),
        ("looker", "event", "E1", "registered", stamp(9)), ("worker", "event", "E1", "checked_in", stamp(11)),
    ]  # fmt: skip
    ties = [("regular", "friend", "referral", stamp(50)), ("regular", "friend", "reply", stamp(40))]
    opened = open_sources({
        "orders": table(orders, *ORDERS),
        "participation": table(parts, "member_code", "what", "what_code", "status", "happened_at"),
        "ties": table(ties, "from_member_code", "to_member_code", "kind", "at"),
        "staff": table([("W", "店员", "S1", "worker")], "staff_code", "name", "store_code", "member_code"),
    })  # fmt: skip
    touches, conversions = journeys.of(opened)
    assert [(row.person, row.value_fen) for row in conversions] == [("friend", 800), ("new", 5000)]
    assert sorted((t.person, t.channel, t.kind) for t in touches) == [
        ("friend", "referral", "referral"), ("looker", "campaign", "click"), ("new", "event", "click"),
    ]  # fmt: skip
    paths = attribution.paths_of(touches, conversions)
    assert {(path.person, path.channels, path.code is None) for path in paths} == {
        ("friend", ("referral",), False), ("new", ("event",), False), ("looker", ("campaign",), True),
    }  # fmt: skip


def test_registration_says_who_is_new():
    orders = [
        ("1", stamp(200), "S", "a", "5"),
        ("2", stamp(100), "S", "b", "5"),
        ("3", stamp(0), "S", "c", "5"),
    ]
    members = [("a", stamp(199)), ("b", stamp(150)), ("c", stamp(900))]
    tables = {
        "orders": table(orders, *ORDERS),
        "members": table(members, "member_code", "registered_at"),
        "ties": table(
            [("a", "b", "referral", stamp(120))], "from_member_code", "to_member_code", "kind", "at"
        ),
    }
    touches, conversions = journeys.of(open_sources(tables))
    assert [row.person for row in conversions] == ["a", "b"]
    assert [touch.person for touch in touches] == ["b"]


def test_journeys_refuse_without_orders_or_touches():
    with pytest.raises(BadInput, match="member_code"):
        journeys.of(open_sources({"members": table([("a",)], "member_code")}))
    with pytest.raises(BadInput, match="leads to"):
        journeys.of(open_sources(chain()))
