"""The simulator: orders add up to what was planted, the truth is written down, faults have names."""

import json
import time

import numpy as np
import pyarrow.compute as pc
import pytest

from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import regimes, world
from tongxin.compass.simulate.world import Effect


@pytest.fixture(scope="module")
def small():
    return world.make("level", Effect.parse("30"), np.random.default_rng(1), members=800, seed=1)


def test_orders_and_lines_add_up_to_the_planted_spending(small):
    orders, lines = small.tables["orders"], small.tables["order_lines"]
    assert pc.sum(orders["total_paid_fen"]).as_py() == small.y1.sum()
    assert pc.sum(lines["paid_amount_fen"]).as_py() == small.y1.sum()
    assert pc.min(lines["paid_amount_fen"]).as_py() >= 1
    assert pc.count_distinct(orders["order_no"]).as_py() == len(orders)


def test_nothing_happens_before_the_month_after_entry(small):
    gain = small.y1 - small.y0
    after = (small.entry[:, None] >= 0) & (np.arange(24) > small.entry[:, None])
    assert (gain[~after] == 0).all()
    assert gain[after].mean() == pytest.approx(3000, rel=0.01)
    assert small.att(1, 3) == pytest.approx(30, abs=0.3)
    assert small.truth()["att_yuan_per_month"]["1..6"] == pytest.approx(30, abs=0.3)


def test_a_share_is_a_share_of_the_untreated_level():
    made = world.make("level", Effect.parse("25%"), np.random.default_rng(2), members=500)
    after = (made.entry[:, None] >= 0) & (np.arange(24) > made.entry[:, None])
    assert made.y1[after].sum() == pytest.approx(1.25 * made.y0[after].sum(), rel=1e-4)


def test_what_joining_adds_never_goes_into_the_negative_control():
    made = world.make("level", Effect.parse("100%"), np.random.default_rng(6), members=3000, join_share=0.5)
    orders = made.tables["orders"].select(["order_no", "member_code", "ordered_at"])
    lines = (
        made.tables["order_lines"]
        .select(["order_no", "sku", "paid_amount_fen"])
        .join(orders, "order_no")
        .to_pydict()
    )
    entry = dict(zip(made.codes, made.entry.tolist(), strict=True))
    sums = {True: [0, 0], False: [0, 0]}
    for sku, fen, member, at in zip(
        lines["sku"], lines["paid_amount_fen"], lines["member_code"], lines["ordered_at"], strict=True
    ):
        month = (at.year - 2024) * 12 + at.month - 1  # UTC: a shifted edge hour does no harm here
        treated = 0 <= entry[member] < month
        sums[treated][0] += fen if sku.startswith("TOBACCO") else 0
        sums[treated][1] += fen
    untreated_share, treated_share = (sums[arm][0] / sums[arm][1] for arm in (False, True))
    assert treated_share == pytest.approx(
        untreated_share / 2, rel=0.08
    )  # twice the spending, the same tobacco


def test_joiners_have_a_higher_lasting_trait_and_the_planted_reliability():
    made = world.make("null", Effect(), np.random.default_rng(3), members=6000)
    level = made.y0[:, :12].mean(axis=1) / 100
    joined = made.entry >= 0
    assert joined.sum() == 600
    assert 25 < level[joined].mean() - level[~joined].mean() < 45
    halves = np.corrcoef(made.y0[:, :6].mean(axis=1), made.y0[:, 6:12].mean(axis=1))[0, 1]
    assert 2 * halves / (1 + halves) == pytest.approx(0.88, abs=0.03)


def test_the_same_seed_gives_the_same_world(small):
    again = world.make("level", Effect.parse("30"), np.random.default_rng(1), members=800, seed=1)
    assert all(again.tables[name].equals(table) for name, table in small.tables.items())
    other = world.make("level", Effect.parse("30"), np.random.default_rng(2), members=800, seed=2)
    assert not other.tables["orders"].equals(small.tables["orders"])


def test_no_shows_registered_and_never_joined(small):
    rows = small.tables["participation"].to_pylist()
    came = {row["member_code"] for row in rows if row["status"] == "checked_in"}
    missed = {row["member_code"] for row in rows if row["status"] == "no_show"}
    registered = {row["member_code"] for row in rows if row["status"] == "registered"}
    assert came
    assert missed
    assert not came & missed
    assert came | missed == registered


def test_member_months_hold_the_truth(small):
    table = small.member_months()
    assert len(table) == 800 * 24
    assert pc.sum(table["y1_fen"]).as_py() == small.y1.sum()
    json.dumps(small.truth())


def test_every_fault_of_the_arguments_is_named():
    with pytest.raises(BadInput) as error:
        world.make(
            "luck", Effect(), np.random.default_rng(0), members=10, stores=0, join_share=2, first_entry=30
        )
    assert {fault.where for fault in error.value.faults} == {
        "--regime",
        "--members",
        "stores",
        "join_share",
        "first_entry",
    }
    assert error.value.faults[0].allowed == tuple(regimes.REGIMES)
    with pytest.raises(BadInput, match="an effect was given"):
        world.make("null", Effect(yuan=3), np.random.default_rng(0))
    with pytest.raises(BadInput, match="--effect"):
        Effect.parse("much")


def test_it_is_fast_enough():
    """6,000 members in four seconds of processor time; measured about 1.5."""
    begun = time.process_time()
    world.make("level", Effect.parse("25%"), np.random.default_rng(4), members=6000)
    assert time.process_time() - begun < 4
