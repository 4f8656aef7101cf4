"""From orders and lines to member × period: refunds, returns, dead orders, high margin, periods. Twin by plain loops."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from tongxin.compass import panel, population
from tongxin.compass.dataset import open_sources
from tongxin.compass.design import Design
from tongxin.compass.periods import calendar_between, calendar_for

DAY = datetime(2025, 1, 10, 12, tzinfo=UTC)


def shop(**more):
    """Two members; member a: Jan 100 + 50 (refunded), Feb −20 return receipt; b: Jan 30 cancelled, Mar 80."""
    base = {
        "orders": pa.table(
            {
                "order_no": ["1", "2", "3", "4", "5", "6"],
                "ordered_at": [DAY, DAY, DAY + timedelta(31), DAY, DAY + timedelta(60), DAY],
                "store_code": ["A", "A", "B", "B", "B", "A"],
                "total_paid": ["100", "50", "-20", "30", "80", "999"],
                "member_code": ["a", "a", "a", "b", "b", None],
                "status": [None, "paid", None, "Cancelled", None, None],
            }
        ),
        "order_lines": pa.table(
            {
                "order_no": ["1", "1", "2", "3", "4", "5", "6"],
                "line_no": [1, 2, 1, 1, 1, 1, 1],
                "sku": ["own", "milk", "milk", "own", "own", "gas", "own"],
                "qty": [1.0] * 7,
                "paid_amount": ["60", "40", "50", "-20", "30", "80", "999"],
            }
        ),
        "refunds": pa.table(
            {
                "refund_no": ["r"],
                "order_no": ["2"],
                "refunded_at": [DAY + timedelta(40)],
                "amount": ["50"],
                "line_no": [1],
            }
        ),
        "categories": pa.table(
            {
                "category_code": ["O", "M", "FUEL"],
                "name": ["own", "milk", "fuel"],
                "is_private_label": [True, False, False],
                "margin_class": ["mid", "low", "low"],
            }
        ),
        "products": pa.table(
            {"sku": ["own", "milk", "gas"], "name": ["x", "y", "z"], "category_code": ["O", "M", "FUEL"]}
        ),
    }
    return open_sources(base | more)


CALENDAR = calendar_between("month", date(2025, 1, 1), date(2025, 3, 31))


def built(dataset, negative="FUEL"):
    return panel.build(dataset, CALENDAR, panel.gather(dataset, CALENDAR), negative)


def test_every_quantity_of_a_small_shop():
    found = built(shop())
    assert found.codes.to_pylist() == ["a", "b"]
    assert found.values["spend"].tolist() == [[10000, -2000, 0], [0, 0, 8000]]
    assert found.values["orders"].tolist() == [
        [1, 0, 0],
        [0, 0, 1],
    ]  # refunded, returned and cancelled count none
    assert found.values["high_margin"].tolist() == [[6000, -2000, 0], [0, 0, 0]]
    assert found.values["line_spend"].tolist() == [[10000, -2000, 0], [0, 0, 8000]]
    assert found.values["negative"].tolist() == [[0, 0, 0], [0, 0, 8000]]


def test_a_product_overrides_the_class_of_its_category():
    products = pa.table(
        {
            "sku": ["own", "milk", "gas"],
            "name": ["x", "y", "z"],
            "category_code": ["O", "M", "FUEL"],
            "margin_class": ["low", "high", None],
        }
    )
    assert built(shop(products=products)).values["high_margin"].tolist() == [[4000, 0, 0], [0, 0, 0]]


def test_without_lines_only_orders_and_spend():
    whole = shop()
    tables = {name: whole.arrow(whole.tables[name]) for name in ("orders",)}
    found = built(
        open_sources({"orders": tables["orders"].drop_columns(["ordered_at_date", "ordered_at_day"])})
    )
    assert set(found.values) == {"orders", "spend"}


@pytest.mark.parametrize("unit", ["week", "four_weeks", "month"])
def test_the_same_period_in_ibis_python_and_numpy(unit):
    dataset = shop()
    calendar = calendar_for(unit, dataset)
    rows = dataset.arrow(panel.order_facts(dataset, calendar).select("day", "period"))
    days = rows["day"].to_numpy()
    assert rows["period"].to_pylist() == calendar.of_days(days).tolist()
    assert rows["period"].to_pylist() == [calendar.of(date(1970, 1, 1) + timedelta(int(day))) for day in days]
    assert calendar.of(calendar.start(2)) == 2
    assert calendar.of(calendar.start(2) - timedelta(1)) == 1


PART = {
    "member_code": ["a", "a", "b", "b", "ghost"],
    "what": ["event", "campaign", "event", "event", "event"],
    "what_code": ["e1", "c1", "e2", "e2", "e1"],
    "status": ["checked_in", "checked_in", "registered", "no_show", "checked_in"],
    "happened_at": [DAY + timedelta(40), DAY + timedelta(5), DAY, DAY + timedelta(2), DAY],
    "kit_code": ["k1", None, "k1", None, None],
}


@pytest.mark.parametrize(
    ("treated", "entries", "people"),
    [
        ("participation", [0, None], 2),
        ("event:e1", [1, None], 2),
        ("campaign:c1", [0, None], 1),
        ("kit:k1", [1, None], 1),
        ("community:x", [None, None], 0),
    ],
)
def test_entries_are_first_check_ins_of_what_is_asked(treated, entries, people):
    dataset = shop(participation=pa.table(PART))
    design = Design(treated=treated)
    facts = panel.gather(dataset, CALENDAR)
    found = population.gather(dataset, design, built(dataset), facts)
    assert [None if e == population.NEVER else e for e in found.entry.tolist()] == entries
    assert found.treated_total == people
    assert found.no_show.tolist() == [population.NEVER, 0 if treated == "participation" else population.NEVER]


def test_home_store_staff_refusals_and_paid_periods():
    dataset = shop(
        participation=pa.table(PART),
        members=pa.table(
            {
                "member_code": ["a", "b", "nobody"],
                "registered_at": ["2020-05-01", None, "2021-01-01"],
                "consent_measurement": [None, False, False],
                "phone": ["+861", "+862", None],
            }
        ),
        staff=pa.table({"staff_code": ["w"], "name": ["w"], "store_code": ["A"], "phone": ["+861"]}),
        memberships=pa.table(
            {
                "member_code": ["a"],
                "program": ["p"],
                "status": ["ended"],
                "started_at": ["2025-01-05"],
                "ended_at": ["2025-02-05"],
            }
        ),
    )
    found = population.gather(dataset, Design(), built(dataset), panel.gather(dataset, CALENDAR))
    assert found.stores == ("A", "B")
    assert found.store.tolist() == [0, 1]
    assert found.usable.tolist() == [False, False]
    assert found.excluded == (("staff", 1), ("measurement_refused", 1))
    assert found.since_day[0] == (date(2020, 5, 1) - date(1970, 1, 1)).days
    assert found.paid_to[0] - found.paid_from[0] == 31


def test_a_plain_paid_flag_and_staff_by_member_code():
    dataset = shop(
        participation=pa.table(PART),
        members=pa.table({"member_code": ["a", "b"], "is_paid": [True, None]}),
        staff=pa.table({"staff_code": ["w"], "name": ["w"], "store_code": ["A"], "member_code": ["b"]}),
    )
    found = population.gather(dataset, Design(), built(dataset), panel.gather(dataset, CALENDAR))
    assert found.usable.tolist() == [True, False]
    assert (found.paid_to > found.paid_from).tolist() == [True, False]
    assert not found.tenure_known
