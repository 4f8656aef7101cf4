"""社群订单 through database and lake: vouchers, codes and links on orders, meetings before them; who may enter; what is shown."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from commerce.purses import TERMS
from rings.chain import SYSTEM, act, join, open_chain
from tongxin.commerce import actions as commerce
from tongxin.connect.files.actions import Wish, import_files
from tongxin.measure import actions
from tongxin.outreach.models import WecomCode, WecomTouch
from tongxin.people.models import Customer
from tongxin.people.subjects import SubjectIn, note
from tongxin.people.terms import Purpose

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
HEAD = "order_no,ordered_at,store_code,total_paid,member_code,coupon_codes,link_code\n"


@pytest.fixture
def town(settings, tmp_path, noon):
    settings.HOME, settings.TONGXIN_LAKE = tmp_path / "home", tmp_path / "lake"
    here, _ = open_chain()
    mums = note(SubjectIn("communities", "c-mums", "community", here.pk, title="新手妈妈辅食群"))
    baking = note(SubjectIn("events", "e-baking", "ritual", here.pk, title="小小烘焙师"))
    people = {
        name: join(
            here, member_code=("till", name), consents={Purpose.MEASUREMENT: name != "di"}, notice_version="1"
        )
        for name in ("ann", "bo", "cy", "di")
    }
    act(people["ann"], "joined", 40, subject=mums.pk, community=5)
    act(people["ann"], "checked_in", 5, subject=baking.pk, community=5)
    mailing = note(SubjectIn("import:till", "campaign:18", "campaign", title="18"))
    act(people["bo"], "checked_in", 4, subject=mailing.pk)  # a coupon redeemed met nobody
    act(people["di"], "checked_in", 5, subject=baking.pk, community=5)
    return here, people


def take(tmp_path, text, name="orders.csv"):
    file = tmp_path / name
    file.write_text(text)
    return import_files(viewer=SYSTEM, paths=[file], wish=Wish(source="till"))


def day(ago):
    return (NOW - timedelta(days=ago)).isoformat()


def answered():
    asked = actions.ask_measurement(viewer=SYSTEM, kind="traced")
    kept = actions.run_measurement(measurement_id=asked.pk)
    assert (kept.state, kept.faults) == ("done", [])
    return kept


def test_every_way_with_its_reason(town, tmp_path):
    here, people = town
    code = WecomCode.objects.create(
        kind="group", source="store", store=here, about_room="communities", about_key="c-mums", label="门口海报",
        state="pst-7", by="test", created_at=NOW,
    )  # fmt: skip
    promise = commerce.promise(
        viewer=SYSTEM, person=people["bo"].pk, store=here, subject=("events", "r-1"), under=("events", "e-baking"),
        fee_fen=3900, voucher_fen=3900, terms=TERMS, valid_days=30,
    )  # fmt: skip
    commerce.mark_paid(viewer=SYSTEM, promise_id=promise.public_id, receipt="F1", store=here)
    voucher = commerce.attended(viewer=SYSTEM, subject=("events", "r-1"), at=NOW)
    commerce.redeem(viewer=SYSTEM, code=voucher.code, store=here, receipt="T2")
    WecomTouch.objects.create(
        external="wm-cy", customer=people["cy"], kind="joined", code=code, source="store", store=here,
        place="chat-1", at=NOW - timedelta(days=3),
    )  # fmt: skip
    rows = [
        f"T1,{day(1)},S1,10,ann,,",  # came four days before
        f"T2,{day(0)},S1,20,bo,,",  # her voucher was spent at this receipt
        f"T3,{day(2)},S1,40,cy,,",  # into the group a day before
        f"T4,{day(2)},S1,80,,,pst-7",
        f"T5,{day(2)},S1,160,,pst-7,",
        f"T6,{day(1)},S1,320,di,,",  # came, but does not agree to be measured
        f"T7,{day(8)},S1,640,ann,,",  # before she came
        f"T9,{day(3)},S1,70,bo,,",
        f"T8,{day(2)},S1,1000,,,nobody-knows",
    ]
    take(tmp_path, HEAD + "\n".join(rows) + "\n")
    take(tmp_path, f"refund_no,order_no,store_code,refunded_at,amount\nR1,T1,S1,{day(0)},4\n", "refunds.csv")
    kept = answered()
    plain = kept.answer
    assert {
        one["order_no"]: (one["way"], one["why"], one["days"], one["net_fen"])
        for one in plain["traced_orders"]
    } == {
        "T1": ("window", "checked_in", 4, 600),
        "T2": ("code", "voucher", None, 2_000),
        "T3": ("window", "group", 1, 4_000),
        "T4": ("link", "link", None, 8_000),
        "T5": ("code", "code", None, 16_000),
    }
    assert plain["traced"] == {"orders": 5, "net_fen": 30_600}
    assert (plain["orders"], plain["before_a_meeting"], plain["caused"]) == (9, 1, None)
    assert plain["by_event"] == [{"key": "e-baking", "name": "小小烘焙师", "orders": 2, "net_fen": 2_600}]
    assert plain["by_community"] == [
        {"key": "c-mums", "name": "新手妈妈辅食群", "orders": 5, "net_fen": 30_600}
    ]
    assert plain["by_group"] == [{"key": "chat-1", "name": "chat-1", "orders": 1, "net_fen": 4_000}]
    assert plain["by_code"] == [{"key": "pst-7", "name": "门口海报", "orders": 2, "net_fen": 24_000}]
    assert "不说" in kept.page["warnings"][0]["zh"]
    said = json.dumps([kept.answer, kept.words, kept.page])
    assert not any(f'"{name}"' in said for name in people), "nobody is named"


def test_who_works_here_or_has_gone_is_not_looked_at(town, tmp_path):
    """Control: the same order of the same buyer is traced while she is a customer."""
    _, people = town
    take(tmp_path, HEAD + f"T1,{day(1)},S1,10,ann,,\n")
    assert answered().answer["traced"]["orders"] == 1
    Customer.objects.filter(pk=people["ann"].pk).update(is_staff=True)
    assert answered().answer["traced"]["orders"] == 0


def test_without_orders_it_says_so_and_shows_the_rules(town):
    kept = answered()
    assert (kept.verdict, kept.page["reasons"][0]["zh"]) == ("cannot_be_said", "最近 91 天没有订单。")
    assert kept.page["tables"][0]["rows"][1][1]["zh"] == "14 天"


def test_a_lake_from_before_the_column_goes_on(town, tmp_path, settings):
    """Partitions written before orders had a link's code are read as empty there, and written anew with it."""
    take(tmp_path, HEAD + f"T1,{day(1)},S1,10,ann,,\n")
    for part in (settings.TONGXIN_LAKE / "orders").rglob("part.parquet"):
        pq.write_table(pq.read_table(part).drop_columns(["link_code"]), part)
    assert answered().answer["traced"]["orders"] == 1
    take(tmp_path, HEAD + f"T2,{day(1)},S1,20,bo,,x\n", "more.csv")
    assert answered().answer["orders"] == 2
    for part in (settings.TONGXIN_LAKE / "orders").rglob("part.parquet"):
        assert "link_code" in pq.read_schema(part).names
