"""The named data set: what it holds, how it was moved, that it is imported once."""

from datetime import date
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tongxin.commerce.models import PurchaseDay
from tongxin.connect.files import actions
from tongxin.connect.files import complete_journey as journey
from tongxin.foundation.access import system
from tongxin.foundation.errors import Refused
from tongxin.people.models import Deed
from tongxin.stores.actions import open_brand
from tongxin.stores.models import Brand

pytest.importorskip("duckdb")
needs_package = pytest.mark.skipif(not journey.installed(), reason="the demo extra is not installed")
ANCHOR = date(2026, 11, 20)  # a Friday
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def tables():
    return journey.tables(ANCHOR)


@needs_package
def test_counts_and_sums(tables):
    counts = journey.facts(ANCHOR)["counts"]
    assert {
        name: tables[name].num_rows for name in ("members", "stores", "products", "orders", "order_lines")
    } == {name: counts[name] for name in ("members", "stores", "products", "orders", "order_lines")}
    assert tables["participation"].num_rows == counts["mailings"] + counts["first_redemptions"]
    paid = pc.sum(tables["order_lines"]["paid_amount_fen"]).as_py()
    assert paid == pc.sum(tables["orders"]["total_paid_fen"]).as_py() == 459_603_958


@needs_package
def test_the_year_ends_on_a_sunday_and_weekdays_stay(tables):
    moved = journey.shift(ANCHOR)
    assert moved.last_day == date(2026, 11, 15)
    assert (moved.last_day - journey.LAST_DAY).days == 7 * moved.weeks
    ends = pc.min_max(tables["orders"]["ordered_at"]).as_py()
    assert ends["min"].astimezone(ZONE).date() == moved.first_day
    assert ends["max"].astimezone(ZONE).date() == moved.last_day
    assert ends["min"].astimezone(ZONE).strftime("%H:%M:%S") == "06:53:26"  # the wall clock of the store


@needs_package
def test_own_brand_is_high_margin_and_nothing_else(tables):
    products = tables["products"]
    private = pc.equal(products["brand"], "Private")
    assert (
        pc.sum(pc.fill_null(private, False)).as_py()
        == pc.sum(pc.fill_null(pc.equal(products["margin_class"], "high"), False)).as_py()
        == 13_815
    )


@pytest.fixture
def forty_households(tmp_path, monkeypatch):
    """The package with the baskets of forty households; all of it is imported by `bench/run.py demo`."""
    whole = journey.folder()
    for name in ("transactions", "products", "campaigns", "campaign_descriptions", "coupon_redemptions"):
        table = pq.read_table(whole / f"{name}.parquet")
        if "household_id" in table.column_names:
            table = table.filter(pc.less_equal(table["household_id"], 40))
        if name == "products":
            table = table.slice(0, 5000)
        pq.write_table(table, tmp_path / f"{name}.parquet")
    monkeypatch.setattr(journey, "folder", lambda: tmp_path)
    return journey.tables(ANCHOR)


@needs_package
@pytest.mark.django_db
def test_imported_once(settings, tmp_path, forty_households):
    settings.HOME, settings.TONGXIN_LAKE = tmp_path, tmp_path / "lake"
    viewer = system("test")
    first = {r.table: r for r in actions.import_named(viewer=viewer, name="complete-journey", anchor=ANCHOR)}
    assert {name: report.new for name, report in first.items()} == {
        name: table.num_rows for name, table in forty_households.items()
    }
    assert first["order_lines"].new > 20_000
    assert Brand.objects.get().currency == "USD"
    orders = forty_households["orders"].to_pylist()
    days = {(o["member_code"], o["store_code"], o["ordered_at"].astimezone(ZONE).date()) for o in orders}
    assert PurchaseDay.objects.count() == len(days)
    redeemed = pc.sum(pc.equal(forty_households["participation"]["status"], "checked_in")).as_py()
    assert Deed.objects.filter(kind="checked_in").count() == redeemed > 0
    # a week later: the dates of the first import stay, nothing comes twice
    again = actions.import_named(viewer=viewer, name="complete-journey", anchor=date(2026, 12, 1))
    assert {r.state for r in again} == {"same_file"}


@pytest.mark.django_db
def test_refusals(monkeypatch):
    viewer = system("test")
    with pytest.raises(Refused, match="absent"):
        actions.import_named(viewer=viewer, name="other-journey")
    open_brand(viewer=viewer, code="b", name="B")
    with pytest.raises(Refused, match="other_currency"):
        actions.import_named(viewer=viewer, name="complete-journey")
    monkeypatch.setattr(journey, "PACKAGE", "no_such_package")
    with pytest.raises(Refused, match="not_installed"):
        actions.import_named(viewer=viewer, name="complete-journey")
    with pytest.raises(journey.NotInstalled):
        journey.folder()
    assert journey.facts(ANCHOR)["simulated"]
