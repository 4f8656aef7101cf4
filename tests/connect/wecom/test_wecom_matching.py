"""Who in the corp is which colleague, which department is which store: suggested, confirmed by headquarters, conflicts listed."""

import pytest

from connect.wecom import corp
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom.rostering import take_roster
from tongxin.connect.wecom.sandbox import acts
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach import rules_matching as rules
from tongxin.outreach.actions.wecom_matching import confirm_staff, confirm_store
from tongxin.outreach.models import WecomColleague
from tongxin.outreach.queries.wecom_matching import matching
from tongxin.outreach.rules_matching import Branch, Clashing, Match, Ours, Shop, Theirs
from tongxin.outreach.terms_handover import Clash, Hint
from tongxin.stores.models import Staff


def ours(pk, code="e1", name="", phone="", userid="", *, active=True):
    return Ours(pk, code, name, phone, userid, active)


SUGGESTED = {
    "by number, whatever the name": (
        [ours(1, name="林小满", phone="p1")],
        [Theirs("lxm", "林林", "p1"), Theirs("x", "林小满", "")],
        [Match(1, "lxm", Hint.PHONE)],
    ),
    "by code": ([ours(1, code="E07", name="陈")], [Theirs("e07", "晓", "")], [Match(1, "e07", Hint.CODE)]),
    "by a name that is unique": (
        [ours(1, name="林小满"), ours(2, code="e2", name="陈晓")],
        [Theirs("a", "林小满", ""), Theirs("b", "陈晓", "")],
        [Match(1, "a", Hint.NAME), Match(2, "b", Hint.NAME)],
    ),
    "two of one name: nobody": (
        [ours(1, name="王芳")],
        [Theirs("a", "王芳", ""), Theirs("b", "王芳", "")],
        [],
    ),
    "two of ours of one name: nobody": (
        [ours(1, name="王芳"), ours(2, code="e2", name="王芳")],
        [Theirs("a", "王芳", "")],
        [],
    ),
    "an account in use is nobody else's": (
        [ours(1, name="王芳"), ours(2, code="e2", name="李", userid="a")],
        [Theirs("a", "王芳", "")],
        [],
    ),
    "who has left is not matched": ([ours(1, name="王芳", active=False)], [Theirs("a", "王芳", "")], []),
    "one account fits once": (
        [ours(1, phone="p1"), ours(2, code="a")],
        [Theirs("a", "", "p1")],
        [Match(1, "a", Hint.PHONE)],
    ),
    "no names at all": ([ours(1)], [Theirs("a", "", "")], []),
}


@pytest.mark.parametrize("case", SUGGESTED)
def test_suggestions(case):
    mine, theirs, found = SUGGESTED[case]
    assert rules.suggest(mine, theirs) == found


CLASHES = {
    "an account that is not in the corp": (
        [ours(1, userid="x")],
        [Theirs("a", "", "")],
        (),
        [Clashing(Clash.UNKNOWN, 1, "x")],
    ),
    "nothing is said before the corp was listed": ([ours(1, userid="x")], [], (), []),
    "one account of two colleagues": (
        [ours(1, userid="a"), ours(2, code="e2", userid="a")],
        [Theirs("a", "", "")],
        (),
        [Clashing(Clash.TWICE, 1, "a"), Clashing(Clash.TWICE, 2, "a")],
    ),
    "gone, but customers are there": (
        [ours(1, userid="a", active=False)],
        [],
        {"a"},
        [Clashing(Clash.GONE, 1, "a")],
    ),
    "gone, and nothing is left": ([ours(1, userid="a", active=False)], [], (), []),
    "two of one name": (
        [ours(1, name="王芳")],
        [Theirs("a", "王芳", ""), Theirs("b", "王芳", "")],
        (),
        [Clashing(Clash.SAME_NAME, 1, "")],
    ),
    "two of one name, told apart by number": (
        [ours(1, name="王芳", phone="p")],
        [Theirs("a", "王芳", "p"), Theirs("b", "王芳", "")],
        (),
        [],
    ),
}


@pytest.mark.parametrize("case", CLASHES)
def test_conflicts(case):
    mine, theirs, busy, found = CLASHES[case]
    assert rules.clashes(mine, theirs, busy=busy) == found


def test_stores_by_name_or_code():
    shops = [Shop(1, "s1", "古墩路店", ""), Shop(2, "s2", "文二店", ""), Shop(3, "s3", "旧店", "9")]
    branches = [Branch(2, "古墩路店"), Branch(3, "s2"), Branch(9, "文二店"), Branch(4, "古墩路店2")]
    assert rules.suggest_stores(shops, branches) == {1: 2, 2: 3}


@pytest.mark.django_db
def test_the_corps_list_suggests_headquarters_confirms(noon):
    store = StoreFactory(name="门店 2")
    lin = StaffFactory(store=store, name="林小满")
    chen = StaffFactory(store=store, name="无此人", wecom_userid="nobody")
    platform = corp.fake()
    acts.hire(platform, "wang", "王芳", 3)
    assert take_roster(corp.caller(platform)) == 2
    found = matching(TESTS)
    assert (found.matched, found.waiting) == (1, 1)
    (one,) = found.staff
    assert (one.staff, one.userid, one.why_zh) == (lin.public_id, "lin", "姓名相同")
    (place,) = found.stores
    assert (place.store, place.department) == (store.public_id, 2)
    (bad,) = found.conflicts
    assert (bad.kind, bad.staff, bad.userid) == (Clash.UNKNOWN, chen.public_id, "nobody")
    confirm_staff(viewer=TESTS, staff_id=lin.public_id, userid="lin")
    confirm_store(viewer=TESTS, store_id=store.public_id, department=2)
    assert Staff.objects.get(pk=lin.pk).wecom_userid == "lin"
    assert (matching(TESTS).staff, matching(TESTS).stores) == ((), ())
    platform.world.drop("users", "wang")
    take_roster(corp.caller(platform))
    assert set(WecomColleague.objects.filter(gone_at=None).values_list("userid", flat=True)) == {"lin"}


@pytest.mark.django_db
def test_what_is_refused(noon):
    store = StoreFactory()
    lin, chen = StaffFactory(store=store, wecom_userid="lin"), StaffFactory(store=store)
    take_roster(corp.caller(corp.fake()))
    nobody = Viewer(account=1, name="somebody")
    tries = (
        ("absent", lambda: confirm_staff(viewer=nobody, staff_id=chen.public_id, userid="lin")),
        ("absent", lambda: confirm_staff(viewer=TESTS, staff_id=chen.public_id, userid="ghost")),
        ("absent", lambda: confirm_staff(viewer=TESTS, staff_id="x", userid="lin")),
        ("wecom.account_taken", lambda: confirm_staff(viewer=TESTS, staff_id=chen.public_id, userid="lin")),
        ("absent", lambda: confirm_store(viewer=TESTS, store_id=store.public_id, department=99)),
        ("forbidden", lambda: matching(nobody)),
    )
    for code, work in tries:
        with pytest.raises(Refused) as refusal:
            work()
        assert refusal.value.code == code
    assert Staff.objects.get(pk=chen.pk).wecom_userid == ""
    assert Staff.objects.get(pk=lin.pk).wecom_userid == "lin"
