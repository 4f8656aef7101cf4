"""Live codes: made once and never lost, rolled over when a group is full, the nearest store's; who came how, and the funnel."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from connect.wecom import corp
from people.factories import CustomerFactory
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom import greeting
from tongxin.connect.wecom.coding import Coder
from tongxin.connect.wecom.groups import WeComGroups
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach import rules_wecom
from tongxin.outreach.actions import wecom_codes, wecom_forgetting, wecom_handovers
from tongxin.outreach.models import WecomCode, WecomContact, WecomTouch
from tongxin.outreach.queries import wecom as kept
from tongxin.outreach.terms_wecom import CodeKind, Source
from tongxin.people.actions import add_identity
from tongxin.people.terms import IdentityKind
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def champion_of(store):
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=frozenset({store.pk})),))


class Corner:
    """A store with a colleague and a group."""

    def __init__(self, noon, **settings):
        self.time = corp.Time(noon)
        with self.time.now():
            self.platform = corp.fake(**settings)
            self.store = StoreFactory(name="古墩路店", lat=30.29, lng=120.10)
            self.staff = StaffFactory(store=self.store, wecom_userid="lin")
            self.chat = acts.open_group(self.platform, "lin", "古墩路店 1")
            for i in range(12):
                acts.appear(self.platform, f"wm{i}", f"邻居{i}")
            self.look()

    def look(self):
        Mirror(corp.caller(self.platform)).compare()

    def order(self, kind=CodeKind.GROUP, source=Source.DOUYIN, **more):
        return wecom_codes.order_code(viewer=TESTS, kind=kind, source=source, store=self.store, **more)

    def made(self, *args, **more):
        row = self.order(*args, **more)
        Coder(corp.caller(self.platform)).round()
        return WecomCode.objects.get(pk=row.pk)

    def ways(self):
        return self.platform.world.tables["ways"]


@pytest.fixture
def corner(noon):
    made = Corner(noon)
    with made.time.now():
        yield made


@pytest.mark.parametrize(
    ("kind", "into_groups"),
    [(CodeKind.POSTER, True), (CodeKind.GROUP, True), (CodeKind.STORE, False), (CodeKind.STAFF, False)],
)
def test_each_kind_of_code_leads_where_it_should(corner, kind, into_groups):
    code = corner.made(
        kind, staff=corner.staff if kind is CodeKind.STAFF else None, about=("events", "5f3a9c1e-0000")
    )
    way = corner.ways()[code.config_id]
    assert (code.condition, way["state"], bool(code.picture)) == ("live", code.state, True)
    assert code.state.startswith(f"{corner.store.pk}-5f3a9c1e-")
    assert way.get("chat_id_list" if into_groups else "user") == ([corner.chat] if into_groups else ["lin"])


def test_what_a_code_carries_fits_and_names_its_store():
    said = rules_wecom.carried(10**6, "5f3a9c1e-2222-3333", "abcdef")
    assert (len(said) <= 30, rules_wecom.store_of(said)) == (True, 10**6)
    assert rules_wecom.store_of("poster") is None


@pytest.mark.parametrize("fault", ["cut", "lost", "limit"])
@pytest.mark.parametrize("where", ["add_join_way", "get_join_way"])
def test_the_id_of_a_code_is_never_lost(corner, fault, where):
    code = corner.order()
    corner.platform.faults.set(Switch(fault, where))
    Coder(corp.caller(corner.platform)).round()
    first = WecomCode.objects.get(pk=code.pk)
    assert bool(first.config_id) is (where == "get_join_way")
    Coder(corp.caller(corner.platform)).round()
    after = WecomCode.objects.get(pk=code.pk)
    assert (after.condition, after.config_id in corner.ways()) == ("live", True)
    if first.config_id:
        assert after.config_id == first.config_id


def test_a_code_without_its_id_cannot_be_called_live(corner):
    code = corner.order()
    with pytest.raises(IntegrityError), transaction.atomic():
        WecomCode.objects.filter(pk=code.pk).update(condition="live")


def test_behind_the_same_picture_it_leads_elsewhere_and_then_nowhere(corner):
    code = corner.made()
    other = acts.open_group(corner.platform, "lin", "古墩路店 2")
    corner.look()
    wecom_codes.change_code(viewer=TESTS, public_id=code.public_id, chats=[other])
    assert Coder(corp.caller(corner.platform)).round() == 1
    assert corner.ways()[code.config_id]["chat_id_list"] == [other]
    wecom_codes.close_code(viewer=TESTS, public_id=code.public_id)
    Coder(corp.caller(corner.platform)).round()
    assert corner.ways() == {}
    kept_row = WecomCode.objects.get(pk=code.pk)
    assert (kept_row.condition, kept_row.config_id) == ("closed", code.config_id)
    assert Coder(corp.caller(corner.platform)).round() == 0
    with pytest.raises(Refused, match=r"wecom\.code_closed"):
        wecom_codes.change_code(viewer=TESTS, public_id=code.public_id, chats=[other])
    acts_said = list(
        Entry.objects.filter(act__startswith="outreach.code").order_by("id").values_list("act", flat=True)
    )
    assert acts_said == ["outreach.code_made", "outreach.code_changed", "outreach.code_closed"]


def test_what_is_not_the_stores_cannot_stand_behind_its_code(corner):
    code = corner.made()
    elsewhere = StoreFactory()
    StaffFactory(store=elsewhere, wecom_userid="chen")
    for given in ({"chats": ["wr-else"]}, {"chats": []}, {"users": ["chen"]}):
        with pytest.raises(Refused, match=r"wecom\.code_content"):
            wecom_codes.change_code(viewer=TESTS, public_id=code.public_id, **given)
    with pytest.raises(Refused, match=r"wecom\.code_content"):
        wecom_codes.order_code(viewer=TESTS, kind=CodeKind.GROUP, source=Source.STORE, store=elsewhere)
    with pytest.raises(Refused, match=r"wecom\.no_users"):
        wecom_codes.order_code(viewer=TESTS, kind=CodeKind.STORE, source=Source.STORE, store=StoreFactory())
    assert WecomCode.objects.count() == 1


def test_a_champion_orders_for_the_own_store_and_sees_no_other(corner):
    mine, other = champion_of(corner.store), champion_of(StoreFactory())
    code = wecom_codes.order_code(viewer=mine, kind=CodeKind.STORE, source=Source.STORE, store=corner.store)
    assert [row.pk for row in kept.codes_for(mine)] == [code.pk]
    assert kept.codes_for(other) == []
    assert [card.name for card in kept.groups_for(mine)] == ["古墩路店 1"]
    assert kept.groups_for(other) == []
    for ask in (
        lambda: kept.access_code(other, code.public_id),
        lambda: wecom_codes.close_code(viewer=other, public_id=code.public_id),
        lambda: wecom_codes.order_code(
            viewer=other, kind=CodeKind.STORE, source=Source.STORE, store=corner.store
        ),
    ):
        with pytest.raises(Refused, match="absent"):
            ask()


ROOMS = {
    "nothing": ([], []),
    "the fullest with room comes first": ([("a", 10, 1), ("b", 150, 2)], ["b", "a"]),
    "an almost full one goes to the back": ([("a", 195, 1), ("b", 3, 2)], ["b", "a"]),
    "a full one is not behind it": ([("a", 200, 1), ("b", 3, 2)], ["b"]),
    "five at most": ([(c, 5, i) for i, c in enumerate("abcdefg")], list("abcde")),
    "all full": ([("a", 200, 1)], []),
}


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_which_groups_stand_behind_a_code(name):
    rooms, wanted = ROOMS[name]
    assert rules_wecom.behind([rules_wecom.Room(*room) for room in rooms]) == wanted


def test_a_full_group_rolls_over_and_nobody_is_turned_away(noon):
    """The platform opens the next one; once we have seen it, it stands behind our code too."""
    corner = Corner(noon, group_size=4)
    with corner.time.now():
        code = corner.made()
        places = [acts.scan(corner.platform, code.config_id, f"wm{i}") for i in range(9)]
        assert "" not in places
        assert len(set(places)) == 3
        corner.look()
        assert {row["name"] for row in corner.platform.world.all("groups")} >= {"古墩路店 1", "古墩路店 2"}
        assert wecom_codes.roll_over() == 1
        Coder(corp.caller(corner.platform)).round()
        assert set(WecomCode.objects.get(pk=code.pk).chats) == {
            row["chat_id"] for row in corner.platform.world.all("groups")
        }
        assert WecomTouch.objects.filter(code=code, kind="joined").count() == 9


@pytest.mark.parametrize(("rolled", "turned_away"), [(True, 0), (False, 3)])
def test_a_second_group_takes_over_before_the_first_is_full(noon, rolled, turned_away):
    """Where the platform may not open groups by itself. Without our roll-over (the control) three stand before a full group."""
    corner = Corner(noon, group_size=4)
    with corner.time.now():
        code = corner.made()
        corner.ways()[code.config_id]["auto_create_room"] = 0
        acts.open_group(corner.platform, "lin", "古墩路店 2")
        for n in range(6):
            acts.scan(corner.platform, code.config_id, f"wm{n}")
            corner.look()
            if rolled:
                wecom_codes.roll_over()
                Coder(corp.caller(corner.platform)).round()
                corner.ways()[code.config_id]["auto_create_room"] = 0
    inside = set().union(*(row["members"] for row in corner.platform.world.all("groups"))) - {"lin"}
    assert 6 - len(inside) == turned_away


def test_a_posters_code_can_lead_to_a_colleague_whose_welcome_leads_into_the_group(corner):
    group = corner.made(CodeKind.GROUP)
    poster = corner.made(
        CodeKind.POSTER, staff=corner.staff, about=("events", "5f3a9c1e-1111-4222-8333-444455556666")
    )
    assert corner.ways()[poster.config_id]["user"] == ["lin"]
    said = greeting.words(poster.state)
    assert f"/m/events/5f3a9c1e-1111-4222-8333-444455556666/?c={poster.state}" in said
    assert group.picture in said
    assert wecom_codes.roll_over() == 0, "it leads to a colleague: no group is put behind it"
    assert greeting.words("somebody-elses") == greeting.HELLO.format(brand=corner.store.brand.name)


def test_the_nearest_store_answers(corner):
    far = StoreFactory(name="城东店", lat=30.25, lng=120.25)
    nowhere = StoreFactory(name="没有坐标")
    for store, userid in ((far, "chen"), (nowhere, "wu")):
        StaffFactory(store=store, wecom_userid=userid)
        acts.hire(corner.platform, userid, userid)
        wecom_codes.order_code(viewer=TESTS, kind=CodeKind.STORE, source=Source.STORE, store=store)
    corner.order(CodeKind.STORE)
    assert kept.nearest_code(lat=30.3, lng=120.1) is None  # none is live yet
    Coder(corp.caller(corner.platform)).round()
    assert kept.nearest_code(lat=30.3, lng=120.1).store == corner.store
    assert kept.nearest_code(lat=30.25, lng=120.2).store == far
    assert kept.nearest_code(lat=30.25, lng=120.2, source=Source.DOUYIN).store == corner.store
    assert rules_wecom.apart((30.0, 120.0), (31.0, 120.0)) == pytest.approx(111.19, abs=0.01)


def test_the_first_touch_stays_and_the_path_is_kept(corner):
    douyin, shop = corner.made(), corner.made(CodeKind.STORE, Source.STORE)
    member = CustomerFactory(home_store=corner.store)
    add_identity(viewer=TESTS, customer=member, kind=IdentityKind.WECOM, value="wm1", source="c")
    acts.scan(corner.platform, douyin.config_id, "wm1")
    corner.look()
    corner.time.go(3600)
    with corner.time.now():
        acts.scan(corner.platform, shop.config_id, "wm1")
        corner.look()
        corner.look()  # looking again adds no step
    steps = [(step.kind, step.source) for step in kept.path_of(TESTS, member.public_id)]
    assert steps == [("joined", "douyin"), ("added", "store")]
    with pytest.raises(Refused, match="absent"):
        kept.path_of(champion_of(StoreFactory()), member.public_id)


def test_the_funnel_counts_each_once_by_the_first_touch(corner):
    douyin, shop = corner.made(), corner.made(CodeKind.STORE, Source.STORE)
    for i in range(4):
        acts.scan(corner.platform, douyin.config_id, f"wm{i}")
    acts.scan(corner.platform, shop.config_id, "wm9")
    corner.time.go(60)
    member = CustomerFactory(home_store=corner.store)
    add_identity(viewer=TESTS, customer=member, kind=IdentityKind.WECOM, value="wm0", source="c")
    with corner.time.now():
        acts.scan(corner.platform, shop.config_id, "wm0")
        corner.look()
    since, until = corner.time.at - timedelta(days=1), corner.time.at + timedelta(days=1)
    rows = {row.source: row for row in kept.funnel(TESTS, since=since, until=until)}
    one = rows[Source.DOUYIN]
    assert (one.came, one.added, one.joined, one.members, one.attended) == (4, 1, 4, 1, 0)
    assert (rows[Source.STORE].came, rows[Source.STORE].added, rows[Source.STORE].joined) == (1, 1, 0)
    assert kept.funnel(TESTS, since=until, until=until + timedelta(days=1)) == []
    assert kept.funnel(champion_of(StoreFactory()), since=since, until=until) == []


def test_forgetting_a_person_takes_the_way_and_leaves_the_groups_figures(corner):
    code = corner.made()
    member = CustomerFactory(home_store=corner.store)
    add_identity(viewer=TESTS, customer=member, kind=IdentityKind.WECOM, value="wm1", source="c")
    acts.scan(corner.platform, code.config_id, "wm1"), acts.befriend(corner.platform, "lin", "wm1")
    corner.look()
    chen = StaffFactory(store=corner.store, wecom_userid="chen")
    with corner.time.now():
        wecom_handovers.start(viewer=TESTS, old=corner.staff, new=chen, left=False)
    held = wecom_forgetting.held([member.pk])
    assert {name: len(rows) for name, rows in held.items()} == {
        "wecom_contacts": 1,
        "wecom_groups": 1,
        "wecom_handovers": 1,
        "wecom_steps": 2,
    }
    assert wecom_forgetting.forget([member.pk]) == 5
    assert not WecomContact.objects.filter(customer=member).exists()
    assert {name: rows for name, rows in wecom_forgetting.held([member.pk]).items() if rows} == {}


def test_the_groups_are_a_source_for_plans(corner):
    (line,) = WeComGroups().groups(str(corner.store.public_id), at=corner.time.at)
    assert (line.name, line.store, line.members, line.mood) == ("古墩路店 1", corner.store.pk, 1, "new")
    (same,) = WeComGroups().groups("all", at=corner.time.at + timedelta(days=30))
    assert (same.key, same.mood) == (line.key, "quiet")
    WeComGroups().access(TESTS, "all")
    with pytest.raises(Refused, match="absent"):
        WeComGroups().access(champion_of(StoreFactory()), str(corner.store.public_id))
