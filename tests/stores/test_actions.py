"""Taking stores and staff in, granting and revoking, on a real database."""

import dataclasses
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from stores.factories import (
    TESTS,
    AccountFactory,
    BrandFactory,
    GrantFactory,
    RegionFactory,
    StaffFactory,
    StoreFactory,
    viewer,
)
from tongxin.foundation import clock
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.stores import actions, queries, tasks
from tongxin.stores.models import Brand, Grant, Region, Staff, Store, StoreResource
from tongxin.stores.rules import Counts, StaffRow, StoreRow
from tongxin.stores.terms import ACTS, REFUSALS, ResourceKind, Role

pytestmark = pytest.mark.django_db


def written():
    return [m.objects.count() for m in (Brand, Region, Store, Staff, StoreResource, Grant, Entry)]


def refused(code, act, **data):
    """The act is refused with the code, and nothing was written."""
    before = written()
    with pytest.raises(Refused) as no:
        act()
    assert no.value.code == code
    assert code == "absent" or code in REFUSALS
    assert data.items() <= no.value.data.items()
    assert written() == before


def test_one_brand_and_its_acts_are_in_the_catalogue():
    refused("stores.no_brand", queries.the_brand)
    refused(
        "stores.bad_zone", lambda: actions.open_brand(viewer=TESTS, code="x", name="x", zone="Asia/Peking")
    )
    brand = actions.open_brand(viewer=TESTS, code="x", name="甲", currency="USD")
    assert queries.the_brand() == brand
    refused("stores.brand_exists", lambda: actions.open_brand(viewer=TESTS, code="y", name="y"))
    region = actions.open_region(viewer=TESTS, code="east", name="华东")
    refused("stores.code_taken", lambda: actions.open_region(viewer=TESTS, code="east", name="又"))
    store = StoreFactory(region=region)
    actions.add_resource(viewer=TESTS, store=store, kind=ResourceKind.OVEN, name="烤箱一", seats=8)
    assert [r.seats for r in queries.resources_of(TESTS, store.public_id)] == [8]
    refused(
        "stores.code_taken",
        lambda: actions.add_resource(
            viewer=TESTS, store=store, kind=ResourceKind.OVEN, name="烤箱一", seats=1
        ),
    )
    assert set(Entry.objects.values_list("act", flat=True)) <= ACTS.keys()


def test_a_resource_is_added_in_ones_own_store():
    store, other = StoreFactory(), StoreFactory()
    manager = viewer(Role.STORE_MANAGER, store=store)
    actions.add_resource(viewer=manager, store=store, kind=ResourceKind.ROOM, name="室", seats=20)
    refused(
        "absent",
        lambda: actions.add_resource(viewer=manager, store=other, kind=ResourceKind.ROOM, name="室", seats=1),
    )


def test_stores_come_in_once_and_keep_what_a_file_does_not_say():
    brand = BrandFactory()
    rows = [
        StoreRow("s1", "一店", region="华东", city="上海", lat=31.2, lng=121.4, cutoff_hour=4),
        StoreRow("s2", "二店", region="华东", timezone="Asia/Urumqi"),
    ]
    assert actions.upsert_stores(viewer=TESTS, rows=rows) == Counts(new=2)
    trailed = Entry.objects.count()
    assert actions.upsert_stores(viewer=TESTS, rows=rows) == Counts(same=2)
    assert Entry.objects.count() == trailed  # nothing happened, nothing is told
    assert actions.upsert_stores(viewer=TESTS, rows=[StoreRow("s1", "一店", district="静安")]) == Counts(
        changed=1
    )
    one = Store.objects.select_related("region").get(code="s1")
    assert (one.city, one.district, one.lat, one.region.name) == ("上海", "静安", 31.2, "华东")
    two = queries.store_by_code(brand, "s2")
    assert two.zone == "Asia/Urumqi"
    assert queries.store_by_code(brand, "s9") is None
    at = clock.day_start(clock.business_day(clock.now()), "Asia/Shanghai")
    assert queries.business_day_of(one, at) == clock.business_day(at) - timedelta(days=1)
    refused(
        "stores.bad_zone",
        lambda: actions.upsert_stores(viewer=TESTS, rows=[StoreRow("s3", "三", timezone="Mars/Base")]),
    )


def test_the_last_row_of_a_code_wins():
    BrandFactory()
    rows = [StoreRow("s1", "旧"), StoreRow("s1", "新")]
    assert actions.upsert_stores(viewer=TESTS, rows=rows) == Counts(new=1)
    assert Store.objects.get().name == "新"


def test_an_unknown_store_is_kept_as_unsorted_until_somebody_describes_it():
    BrandFactory()
    store = actions.unsorted_store(viewer=TESTS, code="x7")
    assert (store.unsorted, store.name) == (True, "x7")
    assert actions.unsorted_store(viewer=TESTS, code="x7") == store
    assert [s.code for s in queries.stores_for(TESTS, unsorted=True)] == ["x7"]
    assert actions.upsert_stores(viewer=TESTS, rows=[StoreRow("x7", "七店")]) == Counts(changed=1)
    assert queries.stores_for(TESTS, unsorted=True) == []
    assert Store.objects.get().pk == store.pk


def test_staff_come_in_once_with_a_sealed_phone():
    StoreFactory(code="s1")
    rows = [
        StaffRow("e1", "小桃", store_code="s1", phone="13812341234", role="店长", wecom_userid="w1"),
        StaffRow("e2", "小李", store_code="s404", phone="不是号码"),
    ]
    assert actions.upsert_staff(viewer=TESTS, rows=rows) == Counts(new=2)
    assert actions.upsert_staff(viewer=TESTS, rows=rows) == Counts(same=2)
    assert actions.upsert_staff(viewer=TESTS, rows=[StaffRow("e1", "桃子")]) == Counts(changed=1)
    one = Staff.objects.get(code="e1")
    assert (one.name, one.phone, one.role_word) == ("桃子", "+8613812341234", "店长")
    assert Staff.objects.get(code="e2").phone == ""
    assert Store.objects.get(code="s404").unsorted
    assert queries.staff_phone_lookups([queries.phone_lookup("138 1234 1234"), ""]) == {one.phone_lookup}
    with_plain = Staff.objects.extra(select={"raw": "phone"}).values_list("raw", flat=True)
    assert "13812341234" not in "".join(with_plain)


def test_who_leaves_the_chain_reaches_nothing_from_the_next_request_on():
    store = StoreFactory()
    account = AccountFactory()
    staff = StaffFactory(store=store, account=account)
    GrantFactory(account=account, role=Role.CHAMPION, store=store)
    assert queries.viewer_for(account).reaches(store.pk)
    actions.upsert_staff(viewer=TESTS, rows=[StaffRow(staff.code, staff.name, active=False)])
    assert queries.viewer_for(account).grants == ()


def test_names_and_numbers_of_who_left_go_after_ninety_days():
    StoreFactory(code="s1")
    here = StaffRow("e1", "小桃", store_code="s1", phone="13812341234", wecom_userid="w1")
    left = dataclasses.replace(here, active=False)
    actions.upsert_staff(viewer=TESTS, rows=[here, StaffRow("e2", "小李", phone="13912341234")])
    day = clock.now()
    with clock.held(day):
        actions.upsert_staff(viewer=TESTS, rows=[left])
    assert Staff.objects.get(code="e1").left_at == day

    def forgotten_after(days):
        with clock.held(day + timedelta(days=days)):
            return tasks.forget_former_staff(0)

    assert forgotten_after(89) == 0  # control: a day before, everything is there
    assert Staff.objects.get(code="e1").name == "小桃"
    actions.upsert_staff(viewer=TESTS, rows=[left])  # the same file again does not restart the ninety days
    assert forgotten_after(90) == 1
    gone = Staff.objects.get(code="e1")
    assert (gone.name, gone.phone, gone.phone_lookup, gone.wecom_userid) == ("", "", "", "")
    assert Staff.objects.get(code="e2").name == "小李"
    assert forgotten_after(91) == 0
    assert Entry.objects.get(act="stores.former_staff_forgotten").after == '{"staff":1}'
    actions.upsert_staff(viewer=TESTS, rows=[here])  # who comes back is known again
    assert Staff.objects.get(code="e1").left_at is None


def test_an_account_belongs_to_one_member_of_staff():
    store = StoreFactory()
    account = AccountFactory()
    StaffFactory(store=store, account=account)
    other = StaffFactory(store=store)
    refused("stores.code_taken", lambda: actions.link_account(viewer=TESTS, staff=other, account=account))


# ---- grants


def test_a_grant_holds_at_once_and_until_its_day():
    store = StoreFactory()
    account = AccountFactory()
    with clock.held(clock.now()) as now:
        made = actions.grant(
            viewer=TESTS, account=account, role=Role.CHAMPION, store=store, until=now + timedelta(days=1)
        )
        seen = queries.viewer_for(account)
        assert seen.reaches(store.pk, {Role.CHAMPION})
        assert seen.grants[0].until == made.until
    with clock.held(made.until):
        assert queries.viewer_for(account).grants == ()


def test_a_revoked_grant_is_refused_on_the_next_request_and_stays_as_history():
    store = StoreFactory()
    champion = viewer(Role.CHAMPION, store=store)
    manager = viewer(Role.STORE_MANAGER, store=store)
    found = Grant.objects.get(account=champion.account)
    actions.revoke(viewer=manager, grant_id=found.public_id)
    assert queries.viewer_for(Account.objects.get(pk=champion.account)).grants == ()
    found.refresh_from_db()
    assert (found.revoked_by, found.revoked_at is not None) == (manager.name, True)
    refused("absent", lambda: actions.revoke(viewer=manager, grant_id=found.public_id))


def test_the_granters_own_reach_is_looked_up_anew():
    """A viewer from before a revocation gives nothing any more (control: before it, it does)."""
    store = StoreFactory()
    manager = viewer(Role.STORE_MANAGER, store=store)
    actions.grant(viewer=manager, account=AccountFactory(), role=Role.DOOR, store=store)
    actions.revoke(viewer=TESTS, grant_id=Grant.objects.get(account=manager.account).public_id)
    account = AccountFactory()
    refused(
        "stores.wider_than_own",
        lambda: actions.grant(viewer=manager, account=account, role=Role.DOOR, store=store),
        what="role",
    )


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.STORE_MANAGER, Role.REGION_MANAGER])
def test_nobody_below_an_admin_widens(role):
    region = RegionFactory()
    own = StoreFactory(region=region)
    foreign = StoreFactory()
    who = viewer(role, region=region) if role is Role.REGION_MANAGER else viewer(role, store=own)
    account = AccountFactory()
    brand = BrandFactory()
    refused(
        "stores.wider_than_own",
        lambda: actions.grant(viewer=who, account=account, role=Role.DOOR, store=foreign),
        what="place",
    )
    refused(
        "stores.wider_than_own",
        lambda: actions.grant(viewer=who, account=account, role=Role.HQ_ANALYST, brand=brand),
        what="role",
    )
    place = {"region": region} if role is Role.REGION_MANAGER else {"store": own}
    refused(
        "stores.wider_than_own",
        lambda: actions.grant(viewer=who, account=account, role=role, **place),
        what="role",
    )
    actions.grant(viewer=who, account=account, role=Role.DOOR, store=own)


def test_a_role_of_headquarters_opens_nothing_before_a_second_administrator_agrees():
    first, second = viewer(Role.ADMIN), viewer(Role.ADMIN)
    analyst, store = AccountFactory(), StoreFactory()
    made = actions.grant(viewer=first, account=analyst, role=Role.HQ_ANALYST, brand=BrandFactory())
    assert made.waits
    assert queries.viewer_for(analyst).grants == (), "waiting opens nothing"
    refused("stores.second_person", lambda: actions.second_grant(viewer=first, grant_id=made.public_id))
    own = actions.grant(
        viewer=first, account=Account.objects.get(pk=second.account), role=Role.AUDITOR, brand=made.brand
    )
    refused("stores.second_person", lambda: actions.second_grant(viewer=second, grant_id=own.public_id))
    seconded = actions.second_grant(viewer=second, grant_id=made.public_id)
    assert (seconded.waits, seconded.seconded_by) == (False, second.name)
    assert queries.viewer_for(analyst).reaches(store.pk, {Role.HQ_ANALYST})
    refused("stores.not_waiting", lambda: actions.second_grant(viewer=second, grant_id=made.public_id))
    assert [
        (e.act, e.actor) for e in Entry.objects.filter(subject_id=str(made.public_id)).order_by("id")
    ] == [("stores.granted", first.name), ("stores.grant_seconded", second.name)]


def test_a_waiting_administrator_is_no_second_person_and_no_last_one():
    first = viewer(Role.ADMIN)
    brand = BrandFactory()
    friend, analyst = AccountFactory(), AccountFactory()
    actions.grant(viewer=first, account=friend, role=Role.ADMIN, brand=brand)
    made = actions.grant(viewer=first, account=analyst, role=Role.HQ_ANALYST, brand=brand)
    refused(
        "absent",
        lambda: actions.second_grant(viewer=queries.viewer_for(friend), grant_id=made.public_id),
    )
    own = Grant.objects.get(account=first.account)
    refused("stores.last_admin", lambda: actions.revoke(viewer=first, grant_id=own.public_id))


def test_stores_and_jobs_need_no_second_person():
    """Control arm: a role over one place, or one that the operator's command line gives, holds at once."""
    admin, store = viewer(Role.ADMIN), StoreFactory()
    assert not actions.grant(viewer=admin, account=AccountFactory(), role=Role.CHAMPION, store=store).waits
    assert not actions.grant(
        viewer=TESTS, account=AccountFactory(), role=Role.AUDITOR, brand=BrandFactory()
    ).waits


def test_the_database_itself_wants_two_persons():
    """Control arm of the action's own check: even past it, one name cannot stand on both sides."""
    made = actions.grant(
        viewer=viewer(Role.ADMIN), account=AccountFactory(), role=Role.AUDITOR, brand=BrandFactory()
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(pk=made.pk).update(
            waits=False, seconded_by=made.granted_by, seconded_at=clock.now()
        )


def test_a_grant_names_exactly_one_fitting_place():
    brand, region, store = BrandFactory(), RegionFactory(), StoreFactory()
    account = AccountFactory()
    member = AccountFactory(kind=AccountKind.MEMBER)
    refused("stores.one_place", lambda: actions.grant(viewer=TESTS, account=account, role=Role.ADMIN))
    refused(
        "stores.one_place",
        lambda: actions.grant(viewer=TESTS, account=account, role=Role.CHAMPION, store=store, region=region),
    )
    refused(
        "stores.wrong_breadth",
        lambda: actions.grant(viewer=TESTS, account=account, role=Role.CHAMPION, brand=brand),
    )
    refused(
        "stores.past_expiry",
        lambda: actions.grant(
            viewer=TESTS, account=account, role=Role.CHAMPION, store=store, until=clock.now() - timedelta(1)
        ),
    )
    refused(
        "stores.not_for_staff",
        lambda: actions.grant(viewer=TESTS, account=member, role=Role.CHAMPION, store=store),
    )


def test_the_database_itself_wants_one_place():
    """Control arm of the action's own check: even past it, a grant over nothing or over two places cannot stand."""
    account, store = AccountFactory(), StoreFactory()
    for places in ({}, {"store": store, "brand": BrandFactory()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(
                account=account, role="champion", granted_by="x", granted_at=clock.now(), **places
            )


def test_the_last_admin_stays():
    first = viewer(Role.ADMIN)
    own = Grant.objects.get(account=first.account)
    refused("stores.last_admin", lambda: actions.revoke(viewer=first, grant_id=own.public_id))
    viewer(Role.ADMIN)
    actions.revoke(viewer=first, grant_id=own.public_id)  # one may always lay one's own down


def test_revoking_is_for_those_who_could_have_given():
    store = StoreFactory()
    manager_grant = Grant.objects.get(account=viewer(Role.STORE_MANAGER, store=store).account)
    champion = viewer(Role.CHAMPION, store=store)
    other_champion = Grant.objects.get(account=viewer(Role.CHAMPION, store=store).account)
    refused("absent", lambda: actions.revoke(viewer=champion, grant_id=other_champion.public_id))
    peer = viewer(Role.STORE_MANAGER, store=store)
    refused(
        "stores.wider_than_own",
        lambda: actions.revoke(viewer=peer, grant_id=manager_grant.public_id),
        what="role",
    )
    # a dated manager may end an undated champion
    account = AccountFactory()
    GrantFactory(account=account, role=Role.STORE_MANAGER, store=store, until=clock.now() + timedelta(days=1))
    actions.revoke(viewer=queries.viewer_for(account), grant_id=other_champion.public_id)
    region = RegionFactory()
    StoreFactory(region=region)
    over_region = GrantFactory(role=Role.REGION_MANAGER, region=region)
    actions.revoke(viewer=viewer(Role.ADMIN), grant_id=over_region.public_id)


def test_a_region_grant_grows_with_its_region():
    region = RegionFactory()
    first = StoreFactory(region=region)
    who = viewer(Role.REGION_MANAGER, region=region)
    assert who.places() == {first.pk}
    second = StoreFactory(region=region)
    assert queries.viewer_for(Account.objects.get(pk=who.account)).places() == {first.pk, second.pk}
