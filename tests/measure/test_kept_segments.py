"""Segments over a real book and till: counts by hand, versions, reach, the switch that holds at once, audiences."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import override_settings

from rings.chain import SYSTEM, act, join, open_chain, self_of, staff
from tongxin.connect.files.actions import Wish, import_files
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.measure import actions, queries
from tongxin.measure.audiences import SegmentMembers
from tongxin.measure.models import Segment, SegmentVersion
from tongxin.measure.segments import sheet as sheets
from tongxin.people.actions import flag_staff, merge, set_consent, switch_personalisation
from tongxin.people.ledger import reverse
from tongxin.people.models import Customer, Deed, Identity
from tongxin.people.terms import IdentityKind, Purpose
from tongxin.rings import actions as rings
from tongxin.stores.terms import Role

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def refused(code):
    return pytest.raises(Refused, match=f"^{code}$")


@pytest.fixture
def noon():
    with clock.held(NOON):
        yield NOON


@pytest.fixture
def lake(tmp_path):
    with override_settings(TONGXIN_LAKE=tmp_path / "lake"):
        yield tmp_path / "lake"


@pytest.fixture
def world(db, noon, lake, tmp_path):
    """Six members of two stores with a few days of life and a few receipts each; the sheet is prepared."""
    stores = open_chain()
    people = {name: join(stores[name in "ef"], nickname=name) for name in "abcdef"}
    act(people["a"], "checked_in", 0, 7, 14, 100)
    act(people["a"], "posted", 0, 3)
    act(people["b"], "checked_in", 40)
    act(people["c"], "read", 1, 2, 3)
    act(people["d"], "checked_in", 2)
    act(people["e"], "checked_in", 5, 12)
    act(people["a"], "joined", 30, community=7)
    act(people["b"], "joined", 60, community=7)
    act(people["b"], "left", 10, community=7)
    act(people["e"], "joined", 20, community=7)
    flag_staff(viewer=SYSTEM, customer=people["f"], is_staff=True)
    rings.recompute(viewer=SYSTEM)
    actions.prepare_sheet(viewer=SYSTEM)
    return people, stores


def total(rule, viewer=SYSTEM):
    return queries.preview_segment(viewer, rule).total


COUNTS = [
    ("天数(7) >= 1", 4),  # a, c, d, e
    ("天数(28) >= 3", 2),  # a: three days of check-ins and one of posts; c: three of reading
    ("到场(28) >= 2", 2),  # a, e
    ("到场(182) >= 4", 1),  # a, with the one of 100 days ago
    ("到场(91) >= 4", 0),
    ("做过(发了帖, 7) >= 2", 1),
    ("没来 > 30", 1),  # b
    ("圈层 = 中环", 1),  # a
    ("门店 = S2", 1),  # e; f works here and is nobody's segment
    ("门店 不属于 (S2)", 4),
    ('社群 = "辅食群"', 2),  # a, e; b has left
    ("天数(7) >= 1 且 非 到场(7) >= 1", 1),  # c
    ("到场(28) >= 2 或 做过(read, 7) >= 3", 3),
    ("入会 >= 0", 5),
]


def test_counts_are_those_that_one_counts_by_hand(world, monkeypatch):
    monkeypatch.setattr("tongxin.measure.actions.segments.communities_named", lambda: {"辅食群": "7"})
    actions.prepare_sheet(viewer=SYSTEM)
    assert {rule: total(rule) for rule, _ in COUNTS} == dict(COUNTS)
    found = queries.preview_segment(SYSTEM, "天数(7) >= 1")
    assert (found.of, found.by_ring) == (5, {"outer": 3, "middle": 1, "inner": 0})
    assert found.by_store == (("古墩路店", 3), ("文三路店", 1))


def test_names_that_mean_nothing_are_refused_and_reach_cuts(world):
    people, stores = world
    for rule in ("门店 = S9", '社群 = "没有"', "品类(没有, 28) >= 1"):
        with refused("measure.rule_name"):
            total(rule)
    assert total("天数(7) >= 1", staff(Role.STORE_MANAGER, stores[0])) == 3
    assert total("天数(7) >= 1", staff(Role.STORE_MANAGER, stores[1])) == 1
    for viewer in (staff(Role.CHAMPION, stores[0]), self_of(people["a"])):
        with refused("forbidden"):
            total("天数(7) >= 1", viewer)
    assert len(queries.segment_people(staff(Role.HQ_EDITOR), "到场(28) >= 2")) == 2
    assert queries.segment_people(staff(Role.HQ_ANALYST), "到场(28) >= 2") == []  # two are too few to show


def test_reversed_deeds_merged_people_and_staff(world):
    people, _stores = world
    reverse(
        viewer=SYSTEM, deed_id=Deed.objects.get(person=people["d"], kind="checked_in").pk, reason="wrong scan"
    )
    merge(viewer=SYSTEM, source=people["b"], target=people["e"], reason="same phone")
    with clock.held(NOON + timedelta(minutes=5)):
        actions.prepare_sheet(viewer=SYSTEM)
        assert total("到场(7) >= 1") == 2  # a, e
        assert total("到场(56) >= 3") == 2  # e has the one of b now
        assert total("入会 >= 0") == 4


def test_the_switch_holds_at_once_for_every_question(world):
    people, stores = world
    made = actions.save_segment(viewer=staff(Role.HQ_EDITOR), name="常来的", rule="到场(28) >= 2")
    key, source = str(made.public_id), SegmentMembers()
    both = {people["a"].pk, people["e"].pk}
    # control arm: with the switch on she is in all of them
    assert set(source.persons(key, at=clock.now())) == both
    assert total("非 付费会员") == 5
    switch_personalisation(viewer=self_of(people["a"]), customer=people["a"], on=False)
    assert set(source.persons(key, at=clock.now())) == {people["e"].pk}
    assert source.still_in(key, both) == {people["e"].pk}
    assert total("到场(28) >= 2") == 1
    assert total("非 付费会员") == 4  # not even by what she did not do
    actions.prepare_sheet(viewer=SYSTEM)
    assert total("非 付费会员") == 4
    Customer.objects.filter(pk=people["e"].pk).update(state="erased")
    assert set(source.persons(key, at=clock.now())) == set()
    with refused("absent"):
        source.access(staff(Role.STORE_MANAGER, stores[0]), key)
    source.access(staff(Role.HQ_EDITOR), key)
    assert list(source.persons("nonsense", at=clock.now())) == []


def test_wordings_are_kept_and_names_are_one(world):
    people, stores = world
    editor, manager = staff(Role.HQ_EDITOR), staff(Role.STORE_MANAGER, stores[0])
    made = actions.save_segment(viewer=editor, name="常来的", rule="到场(28)>=2")
    with refused("measure.segment_name"):
        actions.save_segment(viewer=editor, name="常来的", rule="到场(28) >= 1")
    with refused("measure.segment_name"):
        actions.save_segment(viewer=editor, name=" ", rule="到场(28) >= 1")
    with refused("measure.rule_child"):
        actions.save_segment(viewer=editor, name="小朋友", rule="孩子年龄 < 3")
    with refused("forbidden"):
        actions.save_segment(viewer=manager, name="全国", rule="到场(28) >= 1")
    assert SegmentVersion.objects.count() == 1
    actions.save_segment(viewer=editor, name="常来的", rule="到场(28) >= 1", segment=made.public_id)
    card = queries.segment_card(editor, made.public_id)
    assert [(number, said, people) for number, said, people, _by, _at in card.versions] == [
        (2, "到场(28) >= 1", 3),
        (1, "到场(28) >= 2", 2),
    ]
    own = actions.save_segment(viewer=manager, name="本店常来", rule="到场(28) >= 1", store=stores[0])
    assert set(SegmentMembers().persons(str(own.public_id), at=clock.now())) == {
        people["a"].pk,
        people["d"].pk,
    }
    assert [line.name for line in queries.segments(manager)] == ["本店常来"]
    with refused("absent"):
        queries.segment_card(manager, made.public_id)
    actions.archive_segment(viewer=editor, segment=made.public_id)
    assert [line.name for line in queries.segments(editor)] == ["本店常来"]
    assert list(SegmentMembers().persons(str(made.public_id), at=clock.now())) == []
    assert Segment.objects.count() == 2


def test_before_the_first_night_there_is_no_sheet(db, noon, lake):
    open_chain()
    with refused("measure.no_sheet"):
        total("天数(7) >= 1")


def test_the_till_counts_by_category_and_refunds_are_taken_off(db, noon, lake, tmp_path):
    store, _other = open_chain()
    buyer = join(store)
    for person, code in ((buyer, "M1"), (join(store), "M2")):
        Identity.objects.create(
            customer=person,
            kind=IdentityKind.MEMBER_CODE,
            source="till",
            lookup=code,
            first_seen=NOON,
            last_seen=NOON,
        )
    folder = tmp_path / "files"
    folder.mkdir()
    at = [NOON - 3 * DAY, NOON - 40 * DAY, NOON - 3 * DAY]
    write = {
        "orders": {"order_no": ["1", "2", "3"], "store_code": ["S1"] * 3, "member_code": ["M1", "M1", "M2"], "ordered_at": at,
                   "total_paid_fen": [5000, 3000, 700], "status": ["paid"] * 3},
        "order_lines": {"order_no": ["1", "1", "2", "3"], "line_no": [1, 2, 1, 1], "sku": ["bun", "milk", "bun", "milk"],
                        "qty": [1.0] * 4, "paid_amount_fen": [3000, 2000, 3000, 700], "store_code": ["S1"] * 4},
        "refunds": {"refund_no": ["r"], "order_no": ["1"], "refunded_at": [NOON - 2 * DAY], "amount_fen": [2000],
                    "store_code": ["S1"]},
        "products": {"sku": ["bun", "milk"], "name": ["面包", "牛奶"], "category_code": ["bake", "dairy"]},
        "categories": {"category_code": ["bake", "dairy"], "name": ["烘焙", "乳品"]},
    }  # fmt: skip
    for name, columns in write.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    import_files(viewer=SYSTEM, paths=[folder], wish=Wish(source="till"))
    actions.prepare_sheet(viewer=SYSTEM)
    assert total("购买(28) >= 1") == 2
    assert total("购买(56) >= 2") == 1
    assert total("消费(28) >= 30") == 1
    assert total("消费(28) > 30") == 0  # twenty of fifty came back
    assert total("品类(烘焙, 56) >= 2") == 1
    assert total("品类(dairy, 28) >= 1") == 2
    assert list(
        queries.persons_of(actions.save_segment(viewer=SYSTEM, name="爱烘焙", rule="品类(烘焙, 28) >= 1"))
    ) == [buyer.pk]


def test_the_same_facts_make_the_same_sheet(world, lake):
    first = sheets.current(lake / "segments")
    again = actions.prepare_sheet(viewer=SYSTEM)
    assert first is not None
    assert again.fingerprint == first.fingerprint
    act(world[0]["c"], "checked_in", 0)
    assert actions.prepare_sheet(viewer=SYSTEM).fingerprint != first.fingerprint
    assert len([one for one in (lake / "segments").iterdir() if one.is_dir()]) == 2


def test_consent_is_asked_of_the_newest_word(world):
    people, _stores = world
    assert total("同意(measurement)") == 0
    set_consent(
        viewer=self_of(people["a"]), customer=people["a"], purpose=Purpose.MEASUREMENT, granted=True,
        notice_version="2026-01", channel="test",
    )  # fmt: skip
    actions.prepare_sheet(viewer=SYSTEM)
    assert total("同意(measurement)") == 1
