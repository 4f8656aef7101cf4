"""Whole fen, in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxin.foundation import money
from tongxin.foundation.money import parse, plain, share, show


@pytest.mark.parametrize(
    ("text", "fen"),
    [("0", 0), ("39", 3900), ("39.9", 3990), ("39.90", 3990), ("0.01", 1), ("1,234.50", 123450), ("12,345,678", 1234567800),
     ("¥39", 3900), ("￥39", 3900), ("39元", 3900), (" 39 元 ", 3900), ("RMB 39", 3900), ("39 CNY", 3900), ("$2.50", 250),
     ("HK$10", 1000), ("NT$10", 1000), ("€1", 100), ("USD 1", 100), ("-5", -500), ("+5", 500), ("−5", -500), ("−¥5", -500),
     ("¥-5", -500), ("-$2.00", -200), ("１２．５０", 1250), ("０", 0), ("10000000000000.00", 10**15)],
)  # fmt: skip
def test_what_people_type(text, fen):
    assert parse(text) == fen


@pytest.mark.parametrize(
    "text",
    ["", " ", "¥", "-", "+", "abc", "1.234", "1.2.3", "1,23", "1,2345", ",123", "1e3", "1 2", "--5", "¥¥5", "5元元", "0x10", "NaN", "inf",
     "12.", ".5", "1,234,5", "10000000000000.01", "9" * 400, "6222021234567890123", "=1+1"],
)  # fmt: skip
def test_what_is_no_sum(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse(text)


@pytest.mark.parametrize(
    ("fen", "currency", "cents", "shown"),
    [(3900, "CNY", None, "¥39"), (3990, "CNY", None, "¥39.90"), (123450, "CNY", None, "¥1,234.50"), (-200, "USD", True, "−$2.00"),
     (0, "CNY", None, "¥0"), (0, "CNY", True, "¥0.00"), (1, "CNY", None, "¥0.01"), (149, "CNY", False, "¥1"), (150, "CNY", False, "¥2"),
     (-150, "CNY", False, "−¥2"), (-30, "CNY", False, "¥0"), (-1, "CNY", None, "−¥0.01"), (100, "GBP", None, "GBP 1"), (100, "HKD", None, "HK$1")],
)  # fmt: skip
def test_what_people_read(fen, currency, cents, shown):
    assert show(fen, currency, cents=cents) == shown


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-123450, "-1234.50"), (10**15, "10000000000000.00")],
)
def test_what_files_hold(fen, text):
    assert plain(fen) == text


@given(st.integers(-money.LARGEST, money.LARGEST), st.sampled_from(["CNY", "USD", "HKD", "EUR", "TWD"]))
def test_there_and_back(fen, currency):
    assert parse(plain(fen)) == parse(show(fen, currency)) == fen


def test_control_a_float_would_lose_a_fen():
    assert int(19.99 * 100) == 1998
    assert parse("19.99") == 1999


@pytest.mark.parametrize(
    ("fen", "parts", "pieces"),
    [(100, [1, 1, 1], [34, 33, 33]), (100, [1], [100]), (0, [1, 2], [0, 0]), (10, [0, 1], [0, 10]), (-100, [1, 1, 1], [-33, -33, -34]),
     (5, [3, 3, 3], [2, 2, 1]), (1, [1, 1], [1, 0])],
)  # fmt: skip
def test_sharing(fen, parts, pieces):
    assert share(fen, parts) == pieces


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_shares_add_up_and_are_fair_to_a_fen(fen, parts):
    pieces = share(fen, parts)
    assert sum(pieces) == fen
    assert all(
        abs(piece - fen * part / sum(parts)) <= 1.001 for piece, part in zip(pieces, parts, strict=True)
    )


@pytest.mark.parametrize("parts", [[], [0], [0, 0], [-1, 2], [-1]])
def test_what_cannot_be_shared(parts):
    with pytest.raises(ValueError, match="parts"):
        share(100, parts)
