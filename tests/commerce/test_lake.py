"""The lake: what a merge does, what views show, what is remembered."""

import fcntl
import threading
from datetime import date

import pyarrow as pa
import pytest

from commerce.lakes import at, files, line, one, order, refund, rows, state
from tongxin.commerce import lake_commit
from tongxin.commerce.lake import Writer, open_lake, purchase_days
from tongxin.commerce.lake_writing import Limits
from tongxin.foundation.errors import Refused


@pytest.fixture
def lake(tmp_path):
    return tmp_path / "lake"


def merge(lake, table, *many, source="pos", arrival=1, **options):
    with Writer(lake, **options) as writer:
        return writer.merge(table, rows(*many), source=source, arrival=arrival)


def counts(merged):
    return merged.new, merged.changed, merged.same


def test_new_same_changed(lake):
    assert counts(merge(lake, "orders", order("1", version=1), order("2", version=1))) == (2, 0, 0)
    before = files(lake)
    assert counts(merge(lake, "orders", order("1", version=1), order("2", version=1), arrival=2)) == (0, 0, 2)
    assert files(lake) == before  # not one byte
    assert counts(merge(lake, "orders", order("1", version=2, paid=90), order("3"), arrival=3)) == (1, 1, 0)
    assert one(lake, "SELECT sum(total_paid_fen), count(*) FROM orders") == (290, 3)


def test_the_newest_version_wins_whatever_comes_last(lake):
    merge(lake, "orders", order("1", paid=300, updated_at=at(7)), arrival=1)
    merged = merge(lake, "orders", order("1", paid=100, updated_at=at(6)), arrival=2)
    assert counts(merged) == (0, 0, 1)
    assert one(lake, "SELECT total_paid_fen FROM orders") == (300,)


def test_control_without_versions_the_last_file_wins_and_says_so(lake):
    merge(lake, "orders", order("1", paid=300), arrival=1)
    merged = merge(lake, "orders", order("1", paid=100), arrival=2)
    assert (merged.changed, merged.later_won) == (1, 1)
    assert one(lake, "SELECT total_paid_fen FROM orders") == (100,)
    # an earlier file that is resumed late does not undo a later one
    assert merge(lake, "orders", order("1", paid=300), arrival=1).changed == 0
    assert one(lake, "SELECT total_paid_fen FROM orders") == (100,)


def test_one_version_with_two_contents_is_reported_and_settled_alike(tmp_path):
    pair = order("1", paid=300, version=1), order("1", paid=100, version=1)
    for name, (first, second) in {"a": pair, "b": pair[::-1]}.items():
        merge(tmp_path / name, "orders", first)
        assert merge(tmp_path / name, "orders", second, arrival=2).tied == 1
    assert state(tmp_path / "a") == state(tmp_path / "b")


def test_a_row_twice_in_one_file(lake):
    assert counts(merge(lake, "orders", order("1"), order("1"))) == (1, 0, 1)
    assert counts(merge(lake, "products", {"sku": "a", "name": "x", "category_code": "c"})) == (1, 0, 0)


def test_order_numbers_repeat_across_stores_and_sources(lake):
    merge(lake, "orders", order("1", "S1"), order("1", "S2"))
    merge(lake, "orders", order("1", "S1", paid=7), source="shop", arrival=2)
    assert one(lake, "SELECT count(*), sum(total_paid_fen) FROM orders") == (3, 207)


def test_exactly_one_line_of_each_order_is_the_first(lake):
    merge(lake, "orders", order("1"), order("2"))
    merge(lake, "order_lines", line("1", 2), line("1", 3), line("2", 7), arrival=2)
    assert one(lake, "SELECT list(line_no ORDER BY order_no) FROM order_lines WHERE first_of_order") == (
        [2, 7],
    )
    merge(lake, "order_lines", line("1", 1), arrival=3)
    assert one(lake, "SELECT list(line_no ORDER BY order_no) FROM order_lines WHERE first_of_order") == (
        [1, 7],
    )


def test_lines_wait_for_their_order_and_follow_it(lake):
    merged = merge(lake, "order_lines", line("1", 1, None), line("1", 2, None))
    assert merged.unplaced == 2
    assert [p.name for p in (lake / "order_lines").iterdir()] == ["month=unknown"]
    merge(lake, "orders", order("1", "S9", version=1), arrival=2)
    assert [p.name for p in (lake / "order_lines").iterdir()] == ["month=2026-03"]
    assert one(lake, "SELECT DISTINCT store_code FROM order_lines") == ("S9",)
    merge(lake, "orders", order("1", "S9", version=2, ordered_at=at(2, month=4)), arrival=3)
    assert [p.name for p in (lake / "order_lines").iterdir()] == ["month=2026-04"]
    assert [p.name for p in (lake / "orders").iterdir()] == ["month=2026-04"]


def test_a_line_without_a_store_is_nobodys_when_two_orders_have_its_number(lake):
    merge(lake, "orders", order("1", "S1"))
    merge(lake, "order_lines", line("1", 1, None), arrival=2)
    assert one(lake, "SELECT store_code FROM order_lines") == ("S1",)
    merge(lake, "orders", order("1", "S2"), arrival=3)
    assert one(lake, "SELECT store_code, month FROM order_lines") == ("", "unknown")


def test_refunds_are_netted_and_their_pieces_add_up(lake):
    merge(lake, "orders", order("1", paid=1000), order("2", paid=0))
    merge(
        lake,
        "order_lines",
        line("1", 1, paid=333),
        line("1", 2, paid=333),
        line("1", 3, paid=334),
        line("2", 1, paid=0),
    )
    merge(
        lake,
        "refunds",
        refund("r1", "1", amount=100),
        refund("r2", "1", amount=33, line_no=2),
        refund("r3", "2", amount=5),
    )
    assert one(lake, "SELECT list(net_fen ORDER BY order_no) FROM net_orders") == ([867, -5],)
    assert one(lake, "SELECT list(refunded_fen ORDER BY order_no, line_no) FROM net_lines") == (
        [33, 33 + 33, 34, 5],
    )
    assert one(lake, "SELECT sum(net_fen) FROM net_lines") == (862,)


def test_a_refund_of_three_articles_is_three_rows(lake):
    merge(lake, "orders", order("1"))
    merged = merge(lake, "refunds", *(refund("r", "1", line_no=n) for n in (1, 2, 3)))
    assert merged.new == 3


def test_negative_lines_count(lake):
    merge(lake, "orders", order("1", paid=50))
    merge(lake, "order_lines", line("1", 1, paid=100), line("1", 2, paid=-50, qty=-1.0))
    assert one(lake, "SELECT sum(net_fen) FROM net_lines") == (50,)


def test_categories_nobody_described_are_unsorted(lake):
    merge(
        lake,
        "products",
        {"sku": "a", "name": "x", "category_code": "c1"},
        {"sku": "b", "name": "y", "category_code": "c2"},
    )
    merge(lake, "categories", {"category_code": "c1", "name": "乳品", "margin_class": "high"})
    assert one(
        lake, "SELECT list((category_code, name, unsorted) ORDER BY category_code) FROM categories"
    ) == ([("c1", "乳品", False), ("c2", "待归类", True)],)


def test_business_date_follows_the_clock_of_the_store(lake):
    late = at(5, hour=17)  # 01:00 on the 6th in Shanghai, noon in New York
    clocks = {"NIGHT": ("Asia/Shanghai", 4), "NY": ("America/New_York", 0)}
    merge(lake, "orders", *(order("1", s, ordered_at=late) for s in ("S1", "NIGHT", "NY")), clocks=clocks)
    assert one(lake, "SELECT list(business_date ORDER BY store_code) FROM orders") == (
        [date(2026, 3, 5), date(2026, 3, 5), date(2026, 3, 6)],
    )


def test_purchase_days(lake):
    merge(
        lake,
        "orders",
        order("1", member_code="m", paid=300),
        order("2", member_code="m", paid=50),
        order("3", paid=9),
    )
    merge(lake, "order_lines", line("1", 1, paid=200), line("1", 2, paid=100), line("2", 1, paid=50))
    merge(lake, "products", {"sku": "sku1", "name": "x", "category_code": "c1"})
    merge(lake, "categories", {"category_code": "c1", "name": "x", "margin_class": "high"})
    merge(lake, "refunds", refund("r", "1", amount=30))
    con = open_lake(lake)
    found = purchase_days(con).fetchall()
    assert found == [("pos", "m", "S1", date(2026, 3, 5), 2, 320, 230)]
    assert purchase_days(con, date(2026, 3, 6)).fetchall() == []


def test_a_dry_run_counts_and_writes_nothing(lake):
    merge(lake, "orders", order("1", version=1))
    before = files(lake)
    with Writer(lake) as writer:
        merged = writer.merge(
            "orders", rows(order("1", version=2), order("2")), source="pos", arrival=2, dry_run=True
        )
    assert counts(merged) == (1, 1, 0)
    assert files(lake) == before


def test_nothing_in_nothing_out(lake):
    assert counts(merge(lake, "orders")) == (0, 0, 0)


# erased members


def digest(source, code):
    return (f"h:{source}:{code}", f"h:*:{code}")


def test_an_erased_code_goes_and_never_comes_back(lake):
    merge(
        lake,
        "orders",
        order("1", member_code="m1"),
        order("2", member_code="m2"),
        order("3", member_code="m1", ordered_at=at(1, 5)),
    )
    with Writer(lake, digest=digest) as writer:
        assert writer.forget(["h:pos:m1"]) == 2
        assert writer.forget(["h:pos:m1"]) == 0
    assert one(lake, "SELECT list(member_code ORDER BY order_no) FROM orders") == ([None, "m2", None],)
    assert one(lake, "SELECT count(*) FROM orders") == (3,)
    again = [
        order("1", member_code="m1", version=5),
        order("9", member_code="m1"),
        order("8", member_code="m3"),
    ]
    merge(lake, "orders", *again, arrival=2, digest=digest)
    merge(lake, "orders", order("7", member_code="m1"), source="other", arrival=3, digest=digest)
    assert one(
        lake,
        "SELECT list(member_code ORDER BY order_no) FROM orders WHERE member_code IS NOT NULL AND source = 'pos'",
    ) == (["m2", "m3"],)
    assert one(lake, "SELECT member_code FROM orders WHERE source = 'other'") == (
        "m1",
    )  # another issuer's code


def test_control_a_writer_that_cannot_tell_who_was_erased_writes_nothing(lake):
    merge(lake, "orders", order("1", member_code="m1"))
    with Writer(lake, digest=digest) as writer:
        writer.forget(["h:*:m1"])
    with pytest.raises(ValueError, match="digest"):
        merge(lake, "orders", order("2", member_code="m1"), arrival=2)
    assert one(lake, "SELECT count(*) FROM orders") == (1,)


# side by side


def test_a_reader_keeps_the_lake_it_opened(lake):
    merge(lake, "orders", order("1", version=1))
    con = open_lake(lake)
    merge(lake, "orders", order("1", version=2, paid=1), order("2"), arrival=2)
    assert con.execute("SELECT count(*), sum(total_paid_fen) FROM orders").fetchone() == (1, 100)
    assert one(lake, "SELECT count(*), sum(total_paid_fen) FROM orders") == (2, 101)
    con.close()
    del con
    assert list((lake / ".snapshots").iterdir()) == []


def test_a_file_system_without_links_is_read_directly(lake, monkeypatch):
    merge(lake, "orders", order("1"))

    def no_links(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr("os.link", no_links)
    assert one(lake, "SELECT count(*) FROM orders") == (1,)


def test_two_writers_wait_for_each_other_but_not_for_ever(lake):
    with Writer(lake), pytest.raises(Refused) as refused, Writer(lake, patience=0.05):
        pass
    assert refused.value.code == "busy"


def test_a_commit_waits_for_readers_that_are_listing(lake):
    merge(lake, "orders", order("1"))
    held = (lake / lake_commit.READERS).open("a")
    fcntl.flock(held, fcntl.LOCK_SH)
    release = threading.Timer(0.2, held.close)
    release.start()
    merge(lake, "orders", order("2"), arrival=2)
    release.join()
    assert one(lake, "SELECT count(*) FROM orders") == (2,)


def test_too_little_memory_is_a_refusal(lake):
    many = rows(*(order(str(n), ordered_at=at(1 + n % 28)) for n in range(20_000)))
    tight = Limits(memory="1MB", threads=1, temp_size="1MB")
    with Writer(lake, limits=tight) as writer, pytest.raises(Refused) as refused:
        writer.merge("orders", many, source="pos", arrival=1)
    assert refused.value.code == "commerce.too_big"
    assert files(lake) == {}
    with Writer(lake) as writer:
        assert writer.merge("orders", many, source="pos", arrival=1).new == 20_000


def test_a_fault_of_ours_stays_a_fault(lake):
    merge(lake, "orders", order("1"))
    (lake / "orders/month=2026-03/part.parquet").write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(Exception) as fault:
        merge(lake, "orders", order("2"), arrival=2)
    assert not isinstance(fault.value, Refused)


def test_typed_empty_lake(lake):
    assert all(found == [] for found in state(lake).values())
    assert one(lake, "SELECT typeof(total_paid_fen) FROM orders UNION ALL SELECT 'none'") == ("none",)


def test_sums_keep_integers(lake):
    merge(lake, "orders", order("1", paid=2**50))
    con = open_lake(lake)
    assert con.execute("SELECT net_fen, refunded_fen FROM net_orders").to_arrow_table().schema.types == [
        pa.int64(),
        pa.int64(),
    ]


def test_a_line_with_and_without_its_store_is_one_line(lake):
    merge(lake, "orders", order("1", "S1"))
    merge(lake, "order_lines", line("1", 1, None, 50), line("1", 2, None, 60), arrival=2)
    merged = merge(lake, "order_lines", line("1", 1, "S1", 50), line("1", 2, "S1", 70), arrival=3)
    assert (merged.new, merged.same) == (1, 1)
    assert one(
        lake,
        "SELECT list(paid_amount_fen ORDER BY line_no), count(*) FILTER (first_of_order) FROM order_lines",
    ) == ([50, 70], 1)
