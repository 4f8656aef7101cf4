"""The table `members`: idempotent, whatever comes in."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, BrandFactory, StaffFactory, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions, queries
from tongxin.people.models import Consent, Customer, Identity
from tongxin.people.rules import MemberRow
from tongxin.people.terms import IdentityKind, MergeReason, Purpose
from tongxin.stores.models import Store
from tongxin.stores.rules import Counts

pytestmark = pytest.mark.django_db
SAID = datetime(2025, 6, 1, tzinfo=UTC)
ROW = MemberRow(
    member_code="007", phone="13812341234", name="小桃红", gender="f", birth_year=1988, registered_at=datetime(2024, 1, 1, tzinfo=UTC),
    home_store_code="s1", consent_marketing=True, consent_at=SAID, source_channel="扫码", tier="金卡", is_paid=True,
    unionid="u1", wecom_external_userid="w1", identities=(("member_code", "mini", "x-1"),),
)  # fmt: skip


@pytest.fixture(autouse=True)
def brand():
    return BrandFactory()


def take(*rows, source="pos", **more):
    return actions.upsert_members(viewer=TESTS, rows=rows, source=source, **more)


def state():
    return [
        list(model.objects.order_by("id").values()) for model in (Customer, Identity, Consent, Store)
    ], Entry.objects.count()


def test_everything_a_row_says_is_kept_and_the_second_time_nothing_changes():
    assert take(ROW) == Counts(new=1)
    customer = Customer.objects.select_related("home_store").get()
    assert (customer.nickname, customer.nickname_initials, customer.gender, customer.birth_year, customer.tier) == (
        "小桃红", "xth", "f", 1988, "金卡"
    )  # fmt: skip
    assert (customer.is_paid, customer.source_channel, customer.home_store.code) == (True, "扫码", "s1")
    assert customer.home_store.unsorted  # nobody had described s1 yet
    assert {(i.kind, i.source) for i in Identity.objects.all()} == {
        ("member_code", "pos"), ("phone", ""), ("unionid", ""), ("wecom", "pos"), ("member_code", "mini")
    }  # fmt: skip
    assert queries.person_by_phone(TESTS, "13812341234") == customer
    assert queries.consented(Purpose.GROUP_MESSAGE) == queries.consented(Purpose.MEASUREMENT) == {customer.pk}
    before = state()
    assert take(ROW) == Counts(same=1)
    assert take(replace(ROW, phone="+86 138-1234-1234")) == Counts(same=1)
    assert state() == before


def test_leading_zeros_are_kept():
    take(MemberRow("007"), MemberRow("7"))
    assert Customer.objects.count() == 2


def test_a_change_is_written_and_what_is_not_said_stays():
    take(ROW)
    assert take(MemberRow("007", tier="黑卡", home_store_code="s2", consent_marketing=True)) == Counts(
        changed=1
    )
    customer = Customer.objects.select_related("home_store").get()
    assert (customer.nickname, customer.tier, customer.home_store.code) == ("小桃红", "黑卡", "s2")
    assert queries.search_customers(TESTS, "1234").items  # the tail is keyed for the new store
    new_phone = take(MemberRow("007", phone="13900000000"))
    assert new_phone == Counts(changed=1)
    phones = Identity.objects.filter(kind="phone").count()
    assert phones == 2  # the old one stays as an alias


def test_order_and_batches_do_not_matter(monkeypatch):
    rows = [
        replace(
            ROW,
            member_code=f"m{i}",
            phone=f"139{i:08}",
            unionid=None,
            wecom_external_userid=None,
            identities=(),
        )
        for i in range(23)
    ]
    monkeypatch.setattr(actions.upserts, "BATCH", 5)
    assert take(*rows) == Counts(new=23)
    assert take(*reversed(rows)) == Counts(same=23)
    assert take(rows[0], replace(rows[0], tier="新")) == Counts(changed=1)  # the last row of a code wins


def test_a_phone_that_is_somebody_elses_is_counted_and_left_alone():
    take(ROW)
    assert take(MemberRow("008", phone="13812341234", name="邻居")) == Counts(new=1, clashes=1)
    assert queries.person_by_phone(TESTS, "13812341234").nickname == "小桃红"
    one, two = Customer.objects.order_by("id")
    actions.merge(viewer=TESTS, source=two, target=one, reason=MergeReason.SAME_PHONE)
    assert take(MemberRow("008", phone="13812341234", name="邻居")) == Counts(
        same=1
    )  # one person now: no clash


def test_two_new_rows_with_one_phone_are_two_people():
    assert take(MemberRow("a", phone="13812341234"), MemberRow("b", phone="13812341234")) == Counts(
        new=2, clashes=1
    )


def test_a_till_code_joins_the_member_who_signed_up_by_phone():
    mine = CustomerFactory(phone="13812341234", nickname="")
    assert take(ROW) == Counts(changed=1)
    assert queries.people_by_code(["007"], source="pos") == {"007": mine.pk}
    assert Customer.objects.count() == 1
    # one code of a source a person: the next card with the same phone is somebody to check
    assert take(
        replace(ROW, member_code="9", unionid=None, wecom_external_userid=None, identities=())
    ) == Counts(new=1, clashes=1)


def test_staff_who_shop_are_flagged():
    StaffFactory(phone="13812341234")
    take(ROW)
    assert Customer.objects.get().is_staff


@pytest.mark.parametrize(
    ("measurement", "by_notice", "agreed"),
    [(None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_what_the_notice_declares_counts_only_for_those_whose_row_says_nothing(
    measurement, by_notice, agreed
):
    take(
        MemberRow("1", consent_measurement=measurement), measurement_by_notice=by_notice, notice="chain/2025"
    )
    assert bool(queries.consented(Purpose.MEASUREMENT)) is agreed
    assert queries.consented(Purpose.GROUP_MESSAGE) == frozenset()
    if agreed:
        assert Consent.objects.get().notice_version == "chain/2025"


def test_a_nightly_file_does_not_undo_what_a_member_told_us():
    take(ROW)
    customer = Customer.objects.get()
    for purpose in (Purpose.GROUP_MESSAGE, Purpose.MEASUREMENT):
        actions.set_consent(
            viewer=member_viewer(customer), customer=customer, purpose=purpose, granted=False, notice_version="1", channel="member_page"
        )  # fmt: skip
    take(ROW)
    take(replace(ROW, consent_at=None))
    assert queries.consented(Purpose.GROUP_MESSAGE) | queries.consented(Purpose.MEASUREMENT) == frozenset()
    later = clock.now() + timedelta(seconds=1)
    with clock.held(later + timedelta(days=1)):
        take(replace(ROW, consent_at=later))  # the file says when, and it is newer
        assert queries.consented(Purpose.GROUP_MESSAGE) == {customer.pk}


def test_nothing_is_written_without_a_brand_or_when_the_last_row_is_bad(brand):
    before = state()
    with pytest.raises(ValueError, match="carrier-pigeon"):
        take(ROW, MemberRow("2", identities=(("carrier-pigeon", "", "x"),)))
    assert state()[0][:3] == before[0][:3]


def test_no_brand_no_members(brand):
    brand.delete()
    with pytest.raises(Refused, match=r"stores\.no_brand"):
        take(MemberRow("1"))


def test_the_households_of_the_demo_come_in_under_two_seconds():
    StoreFactory()
    rows = [
        MemberRow(f"h{i}", name=f"家庭 {i}", home_store_code=f"s{i % 457}", phone=f"137{i:08}")
        for i in range(2469)
    ]
    started = time.process_time()
    assert take(*rows, simulated=True).new == 2469
    assert time.process_time() - started < 2.0
    assert Customer.objects.filter(simulated=True).count() == 2469


def test_identities_know_their_kinds():
    take(ROW)
    shown = {
        line.kind: line.shown
        for line in queries.person_card(TESTS, Customer.objects.get().public_id).identities
    }
    assert shown[IdentityKind.PHONE] == "138****1234"
    assert shown[IdentityKind.UNIONID] == shown[IdentityKind.WECOM] == ""
