"""More than memory: the same answer for every number of parts, a stable mix, and a refusal with the number that fits."""

import random
import re
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import design, engines, fingerprint, panel, partitions, population, study
from tongxin.compass.dataset import Room, open_sources
from tongxin.compass.errors import BadInput, OutOfRoom
from tongxin.compass.periods import calendar_for
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

CODES = ["", "a", "中文会员", "é", "🙂x", "x" * 40, *(f"M{number:08d}" for number in range(500))]


def twin(code: str) -> int:
    """Horner's rule written as a sum of powers, from the description."""
    points = [ord(char) for char in ("0" * 12 + code)[-12:]]
    powers = [131 ** (11 - place) for place in range(12)]
    whole = len(code) * 131**12 + sum(point * power for point, power in zip(points, powers, strict=True))
    return (whole * whole + 48_271 * whole) % (2**31 - 1)


@pytest.fixture(scope="module")
def tables():
    """A small chain with refunds in the lines' own file, sold over two years."""
    return world.make(
        "level", Effect.parse("25%"), np.random.default_rng(5), seed=5, members=900, stores=6
    ).tables


def sums(tables, **room):
    dataset = open_sources(tables, room=Room(**room))
    calendar = calendar_for("month", dataset)
    facts = panel.gather(dataset, calendar)
    told = []
    found = panel.build(dataset, calendar, facts, "TOBACCO", told.append)
    people = population.gather(dataset, design.Design(), found, facts)
    return found, people, fingerprint.data_digest(found, people), told


def test_the_digest_in_the_engine_in_python_and_by_hand():
    con = open_sources({"members": pa.table({"member_code": [code for code in CODES if code]})}).con
    rows = con.con.execute(con.compile(con.table("members").mutate(d=partitions.digest(con.table("members").member_code)))).to_arrow_table()  # fmt: skip
    assert len(rows) == len(CODES) - 1
    for code, found in zip(rows["member_code"].to_pylist(), rows["d"].to_pylist(), strict=True):
        assert found == partitions.digest_of(code) == twin(code)
    assert partitions.digest_of("") == twin("")


@given(st.text(max_size=30))
@settings(max_examples=100)
def test_the_digest_stays_in_its_range_and_follows_the_description(code):
    assert partitions.digest_of(code) == twin(code)
    assert 0 <= partitions.digest_of(code) < 2**31 - 1


@pytest.mark.parametrize("kind", ["counted", "tens", "phones"])
@pytest.mark.parametrize("parts", [4, 16, 64])
def test_parts_are_of_nearly_equal_size(kind, parts):
    rng = random.Random(1)
    codes = {
        "counted": [f"M{number:08d}" for number in range(20_000)],
        "tens": [f"{number * 10}" for number in range(20_000)],
        "phones": [f"138{rng.randrange(10**8):08d}" for _ in range(20_000)],
    }[kind]
    sizes = np.bincount([partitions.digest_of(code) % parts for code in codes], minlength=parts)
    assert sizes.max() <= 1.25 * 20_000 / parts
    # control: without the mix, "the last digit" leaves parts empty
    if kind == "tens":
        assert np.bincount([int(code) % parts for code in codes], minlength=parts).min() == 0


def test_the_same_tables_for_every_number_of_parts(tables):
    whole = sums(tables)
    assert whole[3] == []
    for parts in (4, 16):
        found, people, digest, told = sums(tables, partitions=parts)
        assert digest == whole[2]
        assert told == ["partition"] * parts
        for name, matrix in whole[0].values.items():
            assert np.array_equal(found.values[name], matrix), name
        assert np.array_equal(people.store, whole[1].store)
        assert found.cost_known == whole[0].cost_known


def test_each_part_holds_its_members_only(tables):
    """Control: without `numbered` and `part_of` a part would see everybody, and memory would not follow the part."""
    dataset = open_sources(tables, room=Room(partitions=4))
    calendar = calendar_for("month", dataset)
    facts = panel.gather(dataset, calendar)
    seen = []
    for part in partitions.split(facts, 4):
        codes = dataset.arrow(part.bought.select("member_code").distinct())["member_code"].to_pylist()
        assert 0 < len(codes) < 900
        assert {partitions.digest_of(code) % 4 for code in codes} == {len(seen)}
        seen.append(set(codes))
    assert len(set.union(*seen)) == sum(map(len, seen))
    everybody = dataset.arrow(facts.orders.select("member_code").distinct())["member_code"].to_pylist()
    assert set.union(*seen) == set(everybody)


def test_a_whole_study_does_not_change_with_the_parts(tables):
    answers = []
    for parts in (1, 4):
        dataset = open_sources(tables, room=Room(partitions=parts), simulated=True)
        chosen, notes = design.default_for(dataset)
        chosen = replace(chosen, windows=(3,))
        answers.append(study.run(dataset, chosen, notes=notes).as_json())
    assert answers[0] == answers[1]


def test_lines_that_carry_member_and_time_give_the_same_tables(tables):
    """An extract whose lines say whose they are: no order is looked up, and nothing else changes."""
    con = duckdb.connect()
    orders, lines = tables["orders"], tables["order_lines"]
    con.register("o", orders)
    con.register("l", lines)
    shared = ", ".join(f"l.{name}" for name in lines.column_names)
    keys = "o.order_no = l.order_no" + (
        " AND o.store_code = l.store_code" if "store_code" in lines.column_names else ""
    )
    flat = con.execute(
        f"SELECT {shared}, o.member_code, o.ordered_at FROM l JOIN o ON {keys}"
    ).to_arrow_table()
    for parts in (1, 4):
        assert sums(tables | {"order_lines": flat}, partitions=parts)[2] == sums(tables)[2]


def test_carried_lines_of_dead_orders_and_strangers_count_nowhere():
    base = {
        "orders": pa.table(
            {
                "order_no": ["1", "2"],
                "ordered_at": ["2025-01-10", "2025-01-11"],
                "store_code": ["A", "A"],
                "total_paid": ["10", "20"],
                "member_code": ["a", "a"],
                "status": ["paid", "cancelled"],
            }
        ),
        "order_lines": pa.table(
            {
                "order_no": ["1", "2", "3", "4"],
                "line_no": [1, 1, 1, 1],
                "store_code": ["A"] * 4,
                "sku": ["x"] * 4,
                "qty": [1.0] * 4,
                "paid_amount": ["10", "20", "40", "80"],
                "member_code": ["a", "a", None, "a"],
                "ordered_at": ["2025-01-10", "2025-01-11", "2025-01-12", "1999-01-01"],
            }
        ),
        "products": pa.table({"sku": ["x"], "name": ["x"], "category_code": ["c"]}),
        "categories": pa.table({"category_code": ["c"], "name": ["c"]}),
    }
    dataset = open_sources(base)
    calendar = calendar_for("week", dataset)
    calendar = replace(calendar, origin=calendar.origin - 14, count=3)
    found = panel.build(dataset, calendar, panel.gather(dataset, calendar))
    assert found.values["line_spend"].sum() == 1000


def tight(tables, **room):
    """Three years of few orders, in a room without a disk to spill to."""
    return sums(tables, temp_size="0KB", threads=1, **room)


def test_out_of_memory_is_a_refusal_with_the_number_of_parts_that_fits():
    rng = np.random.default_rng(2)
    n, members = 900_000, 5_000
    day = np.datetime64("2024-01-01") + rng.integers(0, 720, n)
    orders = pa.table(
        {
            "order_no": [f"O{number:07d}" for number in range(n)],
            "ordered_at": pa.array(day.astype("datetime64[us]"), pa.timestamp("us", tz="UTC")),
            "store_code": ["S"] * n,
            "total_paid_fen": rng.integers(100, 9000, n),
            "member_code": [f"M{number:06d}" for number in rng.integers(0, members, n)],
        }
    )
    part = pa.table({"member_code": ["M000001"], "what": ["event"], "what_code": ["e"], "status": ["checked_in"], "happened_at": ["2025-01-10"]})  # fmt: skip
    tables = {"orders": orders, "participation": part}
    small = "14MB"  # the orders of all members take 16 bytes each while home stores are counted
    with pytest.raises(OutOfRoom) as refused:
        tight(tables, memory=small, settled=True)
    advice = re.search(r"--partitions (\d+)", str(refused.value))
    assert advice is not None
    assert small in str(refused.value)
    fits = tight(tables, memory=small, settled=True, partitions=int(advice[1]))
    # control: with enough memory one part gives the same digest
    assert fits[2] == sums(tables)[2]


def test_the_refusal_of_a_part_names_members_periods_and_the_next_step(tables, monkeypatch):
    dataset = open_sources(tables, room=Room(memory="200MB"))
    calendar = calendar_for("month", dataset)
    facts = panel.gather(dataset, calendar)
    whole = engines.ENGINES["duckdb"]

    def ask(con, expression):
        raise OutOfRoom.one("engine", f"{len(expression.columns)} columns do not fit")
        yield from whole.stream(con, expression)

    broken = replace(whole, stream=ask)
    monkeypatch.setitem(engines.ENGINES, "duckdb", broken)
    with pytest.raises(OutOfRoom, match=r"members × \d+ periods .*--partitions 2, --memory 400MB"):
        panel.build(dataset, calendar, facts)
    with pytest.raises(OutOfRoom, match="--memory") as refused:
        raise partitions.too_big(replace(dataset, room=Room(memory="1MB")), 10_000_000, 10**8, 24)
    assert "--partitions" not in str(refused.value)


@pytest.mark.parametrize(
    ("groups", "limit", "now", "parts"),
    [
        (24_000_000, 10**9, 1, 8),
        (24_000, 10**9, 1, 2),
        (24_000, 10**9, 8, 16),
        (24 * 10**9, 10**6, 1, None),
        (24, 10**9, 4096, None),
    ],
)
def test_advised_numbers(groups, limit, now, parts):
    assert partitions.advised(groups, limit, now) == parts


@pytest.mark.parametrize("parts", [0, -1, 5000])
def test_a_silly_number_of_parts_is_refused(parts, tables):
    with pytest.raises(BadInput, match="1 to 4096"):
        open_sources(tables, room=Room(partitions=parts))


@pytest.mark.parametrize(
    ("text", "size"), [("700MB", 7 * 10**8), ("1 GiB", 2**30), ("2.5gb", 25 * 10**8), ("512", 512)]
)
def test_sizes_are_read_as_the_engine_reads_them(text, size):
    assert Room(text).bytes == size


@pytest.mark.parametrize("text", ["lots", "5PB", "-1GB", ""])
def test_a_size_that_says_nothing_is_refused(text, tables):
    with pytest.raises(BadInput, match="memory"):
        open_sources(tables, room=Room(memory=text))
