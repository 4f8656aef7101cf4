"""A known effect in given baskets: the truth is what was added, to the fen."""

import json
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tongxin.compass import dataset, design, effects, frame, panel, population, window
from tongxin.compass.errors import BadInput
from tongxin.compass.kpis import KPIS
from tongxin.compass.periods import calendar_for
from tongxin.compass.simulate import semisynthetic, world
from tongxin.compass.simulate.world import Effect
from tongxin.faces.cli import main


@pytest.fixture(scope="module")
def baskets():
    """Baskets with returns and events that nobody wants to measure."""
    made = world.make(
        "null", Effect(), np.random.default_rng(31), members=800, seed=31, switches={"refunds": 0.02}
    )
    return made.tables


@pytest.fixture(scope="module")
def base(baskets):
    return dataset.open_sources(baskets, simulated=True)


def inject(base, text="10%", seed=1, **more):
    return semisynthetic.inject(base, Effect.parse(text), np.random.default_rng(seed), seed=seed, **more)


def column(made, table, name):
    return made.tables[table][name].to_numpy()


def test_orders_lines_and_truth_agree_to_the_fen(base):
    made = inject(base)
    before = base.arrow(base.tables["orders"].select("total_paid_fen"))["total_paid_fen"].to_numpy().sum()
    added = made.added["added_fen"].to_numpy().sum()
    assert added > 0
    assert column(made, "orders", "total_paid_fen").sum() == before + added
    assert made.truth()["added_fen"] == added
    lines = base.arrow(base.tables["order_lines"].select("paid_amount_fen"))["paid_amount_fen"].to_numpy()
    assert column(made, "order_lines", "paid_amount_fen").sum() == lines.sum() + added


def test_ten_per_cent_is_ten_per_cent_of_what_they_buy_after_joining_and_nothing_else(base):
    made = inject(base)
    old = base.arrow(base.tables["orders"].select("store_code", "order_no", "total_paid_fen"))
    new = made.tables["orders"].select(
        ["store_code", "order_no", "member_code", "ordered_at", "total_paid_fen"]
    )
    both = new.join(old, ["store_code", "order_no"], right_suffix="_old").join(made.placed, "member_code")
    paid, was = (both[name].to_numpy() for name in ("total_paid_fen", "total_paid_fen_old"))
    after = pc.fill_null(pc.greater(both["ordered_at"], both["joined_at"]), False).to_numpy()
    day = [pc.floor_temporal(both[name], unit="day") for name in ("ordered_at", "joined_at")]
    same_day = pc.fill_null(pc.equal(*day), False).to_numpy()
    raised = after & ~same_day
    assert paid[raised].sum() == pytest.approx(1.1 * was[raised].sum(), rel=1e-4)
    assert (paid[~raised] == was[~raised]).all()


def test_yuan_a_month_are_added_where_there_are_orders(base):
    made = inject(base, "30")
    months = sum(
        max(0, (date(2025, 12, 31) - at.date()).days) / 30.4375 for at in made.placed["joined_at"].to_pylist()
    )
    # months without an order cannot take it, and the last month of each is not whole
    assert 0.85 < made.truth()["added_fen"] / 100 / (30 * months) <= 1.06


def test_placements_replace_what_people_took_part_in(base):
    made = inject(base, share=0.25, after=0.5)
    rows = made.tables["participation"]
    assert set(rows["what_code"].to_pylist()) == {"INJECTED"}
    assert pc.count_distinct(rows["member_code"]).as_py() == round(0.25 * 800) == len(made.placed)
    assert min(made.placed["joined_at"].to_pylist()).date() >= date(2024, 12, 30)


def test_the_same_seed_places_the_same_people_in_whatever_order_the_rows_come(base, baskets):
    rng = np.random.default_rng(0)
    shuffled = {name: table.take(pa.array(rng.permutation(len(table)))) for name, table in baskets.items()}
    one, two = inject(base), inject(dataset.open_sources(shuffled, simulated=True))
    assert one.placed.equals(two.placed)
    assert one.added.sort_by("order_no").equals(two.added.sort_by("order_no"))
    assert not inject(base, seed=2).placed.equals(one.placed)


def test_times_stay_what_they_were(base, baskets):
    made = inject(base)
    both = (baskets["orders"], made.tables["orders"])
    times = [table.sort_by("order_no")["ordered_at"].combine_chunks() for table in both]
    assert times[0].equals(times[1])


def test_leaning_places_heavy_buyers(base):
    spend = np.exp(np.random.default_rng(1).normal(size=2000))
    fair, heavy = (semisynthetic.draw(spend, 0.2, lean, np.random.default_rng(2)) for lean in (0.0, 1.5))
    assert fair.sum() == heavy.sum() == 400
    assert spend[heavy].mean() > 1.5 * spend[fair].mean()


def test_the_panel_way_adds_what_the_receipts_say(base):
    calendar = calendar_for("month", base)
    facts = panel.gather(base, calendar)
    sums = panel.build(base, calendar, facts)
    people = population.gather(base, design.Design(), sums, facts)
    placed, changed, gain = semisynthetic.place(
        sums, people, Effect(share=0.1), np.random.default_rng(4), first=12, share=0.3
    )
    after = np.arange(24) > changed.entry[:, None]
    assert (gain[~after] == 0).all()
    assert placed.values["spend"].sum() - sums.values["spend"].sum() == round(gain.sum() * 100)
    assert gain[after].sum() == pytest.approx(0.1 * sums.values["spend"][after].sum() / 100, rel=1e-3)
    assert changed.treated_total == 240
    # the same joiners on the way through tables: their members' sums differ by rounding of lines only
    made = inject(base)
    read = dataset.open_sources(made.tables, simulated=True)
    again = panel.gather(read, calendar)
    there = panel.build(read, calendar, again)
    joined = population.gather(read, design.Design(), there, again)
    whole = np.arange(24) > joined.entry[:, None]
    assert there.values["spend"][whole].sum() == pytest.approx(
        1.1 * sums.values["spend"][whole].sum(), rel=1e-3
    )
    never = joined.entry > 2**39
    assert (there.values["spend"][never] == sums.values["spend"][never]).all()


def test_an_injected_effect_is_found_and_without_one_nothing_is():
    """12 placements in one chain: the interval holds the truth, and nothing is called an effect where there is none."""
    made = world.make("null", Effect(), np.random.default_rng(8), members=2500)
    people = world_people(made)
    hits = found = 0
    for seed in range(12):
        for text in ("10%", "0"):
            sums, changed, gain = semisynthetic.place(
                *people, Effect.parse(text), np.random.default_rng(seed), first=12, share=0.3
            )
            asked = design.Design(windows=(3,))
            opened = window.open_window(frame.frame(sums, changed, asked, 3, effects.Reader(sums)))
            rows = opened.matches["never_joiners"]
            who, when = rows.member[rows.treated], rows.cohort[rows.treated]
            truth = gain[who[:, None], when[:, None] + np.arange(1, 4)].mean()
            ci = window.read(opened, "never_joiners", KPIS["spend_per_month"]).estimate.ci
            hits += text != "0" and ci[0] <= truth <= ci[1]
            found += text == "0" and not ci[0] <= 0 <= ci[1]
    assert hits >= 10
    assert found <= 2


def world_people(made):
    from tongxin.compass.simulate import panels

    return panels.of_world(made)


def test_faults_are_named_together(base):
    with pytest.raises(BadInput) as error:
        inject(base, share=2.0, after=0.0)
    assert [fault.where for fault in error.value.faults] == ["share", "after"]
    orders = pa.table(
        {"order_no": ["1"], "ordered_at": ["2025-01-01"], "store_code": ["S"], "total_paid": ["1.00"]}
    )
    with pytest.raises(BadInput, match="member_code"):
        inject(dataset.open_sources({"orders": orders}))


# ---- the command


def test_from_a_dataset(tmp_path, capsys):
    first, second = tmp_path / "a", tmp_path / "b"
    assert (
        main.run(["simulate", "--regime", "null", "--members", "300", "--seed", "3", "--out", str(first)])
        == 0
    )
    command = [
        "simulate",
        "--from",
        str(first),
        "--effect",
        "10%",
        "--seed",
        "5",
        "--out",
        str(second),
        "--json",
    ]
    capsys.readouterr()
    assert main.run(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((second / "truth.json").read_text(encoding="utf-8"))
    assert told["regime"] == "semi-synthetic"
    assert told["source"] == "a"
    assert told["added_fen"] == pc.sum(pq.read_table(second / "truth.parquet")["added_fen"]).as_py()
    assert dataset.open_dataset(second).simulated
    assert main.run([*command, "--with", "spikes"]) == 2


def test_with_switches_a_list_and_one_clear_refusal(tmp_path, capsys):
    out = str(tmp_path / "w")
    command = ["simulate", "--regime", "level", "--effect", "30", "--members", "300", "--out", out]
    assert main.run([*command, "--with", "spikes=0.1", "--with", "voucher"]) == 0
    truth = json.loads((tmp_path / "w" / "truth.json").read_text(encoding="utf-8"))
    assert {code: one["value"] for code, one in truth["switches"].items()} == {"spikes": 0.1, "voucher": 39.0}
    capsys.readouterr()
    assert main.run([*command, "--with", "luck"]) == 2
    refused = capsys.readouterr()
    said = refused.err + refused.out
    assert "luck" in said
    assert "spikes" in said
    assert "voucher" in said
    assert main.run(["simulate"]) == 2
    capsys.readouterr()
    assert main.run(["simulate", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "jump_at_entry" in listed
    assert "missing_ids" in listed
    assert main.run(["simulate", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["switches"]["voucher"]["default"] == 39.0
