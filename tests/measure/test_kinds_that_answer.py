"""Measures that have something to say: made chains in memory, large enough for an answer; beside each, one that is refused."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from compass.ees_facts import LAST, chain, stamp, table
from tongxin.compass.dataset import open_sources
from tongxin.compass.simulate.world import Effect, make
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief, attribution, ees, indices, power, value

BRIEF = Brief(datetime(2026, 3, 31, tzinfo=UTC), "Asia/Shanghai")
ORDERS = ("order_no", "ordered_at", "store_code", "member_code", "total_paid")
PARTS = ("member_code", "what", "what_code", "status", "happened_at")


def given(tables, *, simulated=False):
    return Extract(open_sources(tables), {}, simulated)


def checked(told, verdict):
    """Every answer can be kept: words in both languages, cells that fit their columns, an answer that is JSON."""
    assert told.verdict == verdict
    assert told.words["zh"]
    assert told.words["en"]
    assert told.reasons if verdict == "cannot_be_said" else not told.reasons
    for shown in told.tables:
        assert shown.rows
        assert all(len(row) == len(shown.columns) for row in shown.rows)
    json.dumps(told.plain)
    return told


# ---- experience equity


@pytest.fixture(scope="module")
def rated():
    return chain(members=80)


def test_stores_are_published_with_intervals_and_ranks(rated):
    told = checked(ees.tell(given(rated, simulated=True), BRIEF), "said")
    assert told.simulated
    assert told.fingerprint
    (shown,) = told.tables
    assert sorted(row[0] for row in shown.rows) == [f"S{n:02d}" for n in range(6)]
    points = [float(row[1]) for row in shown.rows]
    assert points == sorted(points, reverse=True)
    assert shown.rows[0][0] == "S05"  # the chain's stores get better with their number
    for _, middle, interval, ranks, answers, *_sides in shown.rows:
        low, high = map(float, interval.split("–"))
        assert low <= float(middle) <= high
        assert ranks is not None
        assert answers >= 30
    assert "能公布的 6 家店里" in told.words["zh"]


def test_stores_with_too_few_answers_are_named_with_their_number(rated):
    told = checked(ees.tell(given(chain(stores=3, members=20)), BRIEF), "cannot_be_said")
    assert told.tables == ()
    assert "3 家店里还没有一家" in told.words["zh"]
    assert any(reason["zh"].startswith("3 家店：") for reason in told.reasons)
    bare = checked(ees.tell(given({"stores": rated["stores"]} if "stores" in rated else {"members": rated["members"]}), BRIEF), "cannot_be_said")  # fmt: skip
    assert "还没有能算体验权益指数的数据" in bare.words["zh"]


# ---- attribution


def test_credit_adds_up_to_the_conversions_in_every_way():
    orders = [(f"B{n}", stamp(200 - n), "S1", "regular", "9") for n in range(200)]
    parts, ties = [], []
    for n in range(30):
        orders.append((f"N{n}", stamp(20), "S1", f"new{n}", "50"))
        if n < 20:
            parts.append((f"new{n}", "event", "E1", "checked_in", stamp(24)))
        if n % 2:
            ties.append(("regular", f"new{n}", "referral", stamp(40)))
    tables = {
        "orders": table(orders, *ORDERS),
        "participation": table(parts, *PARTS),
        "ties": table(ties, "from_member_code", "to_member_code", "kind", "at"),
    }
    told = checked(attribution.tell(given(tables), BRIEF), "said")
    touched = 25  # 20 came, and of the other ten the five odd ones were referred
    assert (told.plain["conversions"], told.plain["untouched"]) == (30, 5)
    (shown,) = told.tables
    assert [row[0] for row in shown.rows][:1] == ["event"] or "event" in [row[0] for row in shown.rows]
    for column in range(1, len(shown.columns)):
        credited = sum(float(row[column] or 0) for row in shown.rows)
        assert credited == pytest.approx(30) or credited == pytest.approx(touched)
    assert told.warnings
    assert told.plain == attribution.tell(given(tables), BRIEF).plain  # its draws are seeded


def test_nobody_who_was_touched_is_no_credit():
    orders = [(f"B{n}", stamp(200 - n), "S1", "regular", "9") for n in range(200)]
    orders += [(f"N{n}", stamp(20), "S1", f"new{n}", "50") for n in range(9)]
    old = [("regular", "event", "E1", "checked_in", stamp(24))]
    tables = {"orders": table(orders, *ORDERS), "participation": table(old, *PARTS)}
    told = checked(attribution.tell(given(tables), BRIEF), "cannot_be_said")
    assert "9 位新客在购买前都没有留下接触记录" in told.reasons[0]["zh"]
    assert told.plain == {"conversions": 9, "untouched": 9}
    without = {"orders": tables["orders"]}
    assert "leads to" in checked(attribution.tell(given(without), BRIEF), "cannot_be_said").reasons[0]["en"]


# ---- value and power


@pytest.fixture(scope="module")
def shops():
    """Two years of a chain whose members come some six times a year."""
    rng = np.random.default_rng(3)
    rows = []
    for n in range(700):
        start, rate = int(rng.integers(60, 720)), rng.gamma(1.2, 0.02)
        life = rng.exponential(300)
        at = float(start)
        while at > 0 and start - at < life:
            rows.append((f"O{len(rows)}", stamp(at), f"S{n % 5}", f"M{n:04d}", f"{rng.gamma(6, 12):.2f}"))
            at -= 1 + rng.exponential(1 / rate)
    rows += [(f"X{n}", stamp(n), "S0", None, "10") for n in range(730)]
    return {"orders": table(rows, *ORDERS)}


def test_value_is_forecast_with_its_hold_out_check(shops):
    told = checked(value.tell(given(shops), BRIEF), "said")
    titles = [shown.title["zh"] for shown in told.tables]
    assert titles[0] == "平均一位会员，接下来"
    assert any(title.startswith("留出") for title in titles)
    assert titles[-1] == "各批会员留下多少"
    ahead = told.tables[0]
    assert [row[0]["zh"] for row in ahead.rows] == ["6 个月", "12 个月"]
    six, twelve = (float(row[1].split()[0]) for row in ahead.rows)
    assert 0 < six < twelve
    assert told.warnings
    assert told.pictures[0].svg["zh"].startswith("<svg")
    assert "后还在来的有" in told.pictures[0].said["zh"]
    assert told.fingerprint


def test_value_of_a_chain_where_nobody_comes_twice_is_refused():
    rows = [(f"O{n}", stamp(n % 400), "S1", f"M{n:04d}", "30") for n in range(800)]
    told = checked(value.tell(given({"orders": table(rows, *ORDERS)}), BRIEF), "cannot_be_said")
    assert all(shown.title["zh"] != "平均一位会员，接下来" for shown in told.tables)
    nobody = {"members": table([("a",)], "member_code")}
    assert checked(value.tell(given(nobody), BRIEF), "cannot_be_said").reasons[0]["en"]


def test_power_says_how_small_a_difference_shows():
    tables = make("level", Effect(share=0.25), np.random.default_rng(6), members=2500, stores=12).tables
    told = checked(power.tell(given(tables), BRIEF), "said")
    (shown,) = told.tables
    never = [row[1]["en"] for row in shown.rows if row[1] is not None]
    assert len(never) >= 3
    assert [row[0] for row in shown.rows] == sorted(row[0] for row in shown.rows)
    assert told.pictures[0].svg["en"].startswith("<svg")


def test_power_without_who_took_part_is_refused(shops):
    told = checked(power.tell(given(shops), BRIEF), "cannot_be_said")
    assert told.tables == ()
    assert told.pictures == ()


# ---- communities


def living(communities=6, members=60, seed=4):
    """Communities with events, replies, answers and referrals; everybody joined long ago."""
    rng = np.random.default_rng(seed)
    people, parts, ties, orders = [], [], [], []
    for c in range(communities):
        codes = [f"K{c}M{m:02d}" for m in range(members)]
        people += [(code, f"S{c % 3}") for code in codes]
        parts += [(code, "event", f"E{c}-0", "checked_in", stamp(80), f"S{c % 3}", f"K{c}") for code in codes]
        for e in range(1, 8):
            came = rng.random(members) < 0.3 + 0.08 * c
            parts += [
                (code, "event", f"E{c}-{e}", "checked_in", stamp(75 - 9 * e), f"S{c % 3}", f"K{c}")
                for code, here in zip(codes, came, strict=True)
                if here
            ]
        for _ in range(400 + 60 * c):
            a, b = rng.choice(members, 2, replace=False)
            kind = rng.choice(["reply", "answer", "accepted", "like"], p=[0.6, 0.15, 0.15, 0.1])
            ties.append((codes[a], codes[b], str(kind), stamp(rng.integers(1, 80)), f"K{c}"))
        for n in range(6):
            new = f"N{c}-{n}"
            people.append((new, f"S{c % 3}"))
            ties.append((codes[n], new, "referral", stamp(60), f"K{c}"))
            orders.append((f"R{new}", stamp(40), f"S{c % 3}", new, "60"))
        orders += [(f"O{code}", stamp(rng.integers(0, 80)), f"S{c % 3}", code, "40") for code in codes]
    return {
        "members": table(people, "member_code", "home_store_code"),
        "participation": table(parts, *PARTS, "store_code", "community_code"),
        "ties": table(ties, "from_member_code", "to_member_code", "kind", "at", "community_code"),
        "orders": table(orders, *ORDERS),
    }


def test_communities_are_placed_among_their_peers():
    told = checked(indices.tell(given(living()), BRIEF), "said")
    (shown,) = told.tables
    assert [row[0] for row in shown.rows] == [f"K{c}" for c in range(6)]
    assert all(row[1] >= 60 for row in shown.rows)
    values = [cell for row in shown.rows for cell in row[2:] if cell is not None]
    assert values
    for cell in values:
        middle, rest = cell.split(" (")
        low, high = rest.rstrip(")").split("–")
        assert float(low) <= float(middle) <= float(high)
    assert "2026Q1" in told.words["en"]
    assert told.fingerprint


def test_communities_that_are_small_or_absent_are_refused():
    few = checked(indices.tell(given(living(communities=2, members=8)), BRIEF), "cannot_be_said")
    assert few.tables == ()
    nobody = living(communities=1)
    for name in ("participation", "ties"):
        at = nobody[name].column_names.index("community_code")
        empty = pa.array([None] * len(nobody[name]), pa.string())
        nobody[name] = nobody[name].set_column(at, "community_code", empty)
    told = checked(indices.tell(given(nobody), BRIEF), "cannot_be_said")
    assert told.reasons[0]["zh"]
    bare = {"orders": table([("1", stamp(0), "S", "a", "5"), ("2", stamp(1), "S", "a", "5")], *ORDERS)}
    assert checked(indices.tell(given(bare), BRIEF), "cannot_be_said").reasons[0]["en"]


def test_the_last_day_of_the_made_chains_is_the_brief_s():
    assert BRIEF.as_of.date() == LAST
    assert BRIEF.as_of - timedelta(days=80) < BRIEF.as_of
