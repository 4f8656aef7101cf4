"""From a draft to a recall: release, adoption, drift, upgrade, recall, through the actions."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from kits.kitchen import content, cooked, released, taken, used
from stores.factories import TESTS, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.kits import actions, queries
from tongxin.kits.models import Draft, Instance, Kit, Recall, RecallWarning, Use, Version
from tongxin.kits.terms import Standing
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def champion(store):
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=frozenset({store.pk})),))


def ahead(instance, days=7, key=""):
    at = clock.now() + days * DAY
    return used(instance, at, at + HOUR, key=key)


def test_a_version_is_what_the_draft_was_and_numbered():
    kit = cooked()
    first = released(kit)
    second = released(kit, places=14)
    assert [(v.number, v.content["places"]) for v in (first, second)] == [(1, 12), (2, 14)]
    assert first.hash != second.hash
    assert [e.act for e in Entry.objects.filter(act__startswith="kits.").order_by("id")] == [
        "kits.made",
        "kits.offered",
        "kits.released",
        "kits.drafted",
        "kits.released",
    ]


def test_the_same_again_is_no_new_version_unless_the_last_was_recalled():
    version = released()
    with pytest.raises(Refused, match=r"kits\.unchanged"):
        released(version.kit)
    actions.recall(viewer=TESTS, version_id=version.public_id, reason="烤箱温度写错")
    assert released(version.kit).number == 2


def test_a_code_is_taken_once():
    cooked()
    with pytest.raises(Refused) as refused:
        cooked()
    assert (refused.value.code, refused.value.data) == ("kits.code_taken", {"taken": "little-baker"})
    assert Kit.objects.count() == 1


def test_two_people_cannot_overwrite_each_other():
    kit = cooked()
    actions.change_draft(viewer=TESTS, kit_id=kit.public_id, revision=1, content=content(places=13))
    with pytest.raises(Refused, match=r"edit\.stale"):
        actions.change_draft(viewer=TESTS, kit_id=kit.public_id, revision=1, content=content(places=15))
    with pytest.raises(Refused, match=r"edit\.stale"):
        actions.release(viewer=TESTS, kit_id=kit.public_id, revision=1)
    assert Draft.objects.get().content["places"] == 13
    assert not Version.objects.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kits_version SET content = '{}'",
        "UPDATE kits_version SET note = 'x'",
        "DELETE FROM kits_version",
    ],
)
def test_postgresql_lets_nobody_change_a_released_version(sql):
    version = released()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert queries.version_numbered(TESTS, version.kit.public_id, 1).content == version.content


def test_control_without_the_trigger_it_could_be_changed():
    released()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE kits_version DISABLE TRIGGER kits_version_as_released")
        cursor.execute("UPDATE kits_version SET note = 'x'")
    assert Version.objects.get().note == "x"


def test_a_store_takes_a_version_and_knows_its_drift():
    version, store = released(), StoreFactory()
    made = actions.adopt(
        viewer=champion(store),
        version_id=version.public_id,
        store=store,
        thing=actions.Thing("events", "occurrence", "e1"),
        overrides={"places": 9, "fee_fen": 3900},
    )
    assert made.overrides == {"places": 9}
    (line,) = queries.instances_of(champion(store), version.kit.public_id).items
    assert [(d.path, d.by) for d in line.drift] == [("places", -3)]
    assert (line.behind, line.recall) == (False, None)


def test_overriding_out_of_range_writes_nothing():
    version = released()
    with pytest.raises(Refused) as refused:
        taken(version, places=20)
    assert (refused.value.code, refused.value.data["range"], refused.value.data["value"]) == (
        "kits.out_of_range",
        "8～16",
        20,
    )
    assert not Instance.objects.exists()
    assert not Entry.objects.filter(act="kits.adopted").exists()


def test_a_store_that_is_not_offered_a_kit_does_not_see_it():
    kit = cooked(everywhere=False)
    version, store, other = released(kit), StoreFactory(), StoreFactory()
    with pytest.raises(Refused, match="absent"):
        queries.access_version(champion(store), version.public_id)
    actions.offer(viewer=TESTS, kit_id=kit.public_id, stores=[store.public_id])
    assert queries.access_version(champion(store), version.public_id) == version
    with pytest.raises(Refused, match=r"kits\.not_offered"):
        taken(version, other)


def test_a_store_does_not_see_what_is_not_released_nor_write_what_is():
    kit, store = cooked(), StoreFactory()
    with pytest.raises(Refused, match="absent"):
        queries.access_kit(champion(store), kit.public_id)
    version = released(kit)
    with pytest.raises(Refused, match="forbidden"):
        actions.recall(viewer=champion(store), version_id=version.public_id, reason="不要")
    with pytest.raises(Refused, match="forbidden"):
        queries.draft_of(champion(store), kit.public_id)
    assert not Recall.objects.exists()


def test_adapting_is_for_events_ahead_and_an_open_one_takes_only_the_copy():
    version = released()
    series = taken(version, kind="series", key="s1")
    drafted, opened = ahead(series, 7, "e1"), ahead(series, 3, "e2")
    actions.opened(room="events", keys=["e2"])
    changed = actions.adapt(
        viewer=TESTS,
        instance_id=series.public_id,
        revision=1,
        overrides={"places": 10, "warmup.teaser.text": "来做饼干。"},
    )
    assert (changed.instance.revision, {use.key for use in changed.uses}) == (2, {"e1", "e2"})
    drafted.refresh_from_db()
    opened.refresh_from_db()
    assert drafted.overrides == {"places": 10, "warmup.teaser.text": "来做饼干。"}
    assert opened.overrides == {"warmup.teaser.text": "来做饼干。"}


def test_an_upgrade_carries_the_stores_changes_and_leaves_the_past_alone():
    first = released()
    series = taken(first, kind="series", key="s1", places=9)
    past, opened, drafted = (
        used(series, clock.now() - 8 * DAY, clock.now() - 8 * DAY + HOUR, key="past"),
        ahead(series, 2, "open"),
        ahead(series, 9, "draft"),
    )
    actions.opened(room="events", keys=["past", "open"])
    actions.held(room="events", keys=["past"])
    before = list(Use.objects.filter(pk__in=[past.pk, opened.pk]).order_by("id").values())
    second = released(first.kit, minutes=100)
    changed = actions.upgrade(viewer=TESTS, instance_id=series.public_id, revision=1, to=second.public_id)
    assert [use.key for use in changed.uses] == ["draft"]
    assert list(Use.objects.filter(pk__in=[past.pk, opened.pk]).order_by("id").values()) == before
    drafted.refresh_from_db()
    assert (drafted.version_id, drafted.overrides) == (second.pk, {"places": 9})


def test_postgresql_keeps_the_version_of_what_was_held_and_control():
    first = released()
    instance = taken(first)
    used(instance, clock.now() - DAY, clock.now() - DAY + HOUR)
    second = released(first.kit, places=14)
    Use.objects.update(version=second)  # the control: not held yet, so it may move
    actions.held(room="events", keys=["e1"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Use.objects.update(version=first)
    assert Use.objects.get().version_id == second.pk


def test_an_upgrade_with_a_conflict_writes_nothing_until_somebody_chooses():
    first = released()
    instance = taken(first, places=9)
    second = released(first.kit, places=14)
    with pytest.raises(Refused) as refused:
        actions.upgrade(viewer=TESTS, instance_id=instance.public_id, revision=1, to=second.public_id)
    assert (refused.value.code, refused.value.data["paths"]) == ("kits.conflicts", ["places"])
    instance.refresh_from_db()
    assert (instance.version_id, instance.revision) == (first.pk, 1)
    actions.upgrade(
        viewer=TESTS,
        instance_id=instance.public_id,
        revision=1,
        to=second.public_id,
        choices={"places": "mine"},
    )
    instance.refresh_from_db()
    assert (instance.version_id, instance.overrides, instance.revision) == (second.pk, {"places": 9}, 2)


def test_an_event_that_has_begun_keeps_its_version():
    first = released()
    instance = taken(first)
    used(instance, clock.now() - HOUR, clock.now() + HOUR)
    second = released(first.kit, places=14)
    with pytest.raises(Refused, match=r"kits\.over"):
        actions.upgrade(viewer=TESTS, instance_id=instance.public_id, revision=1, to=second.public_id)
    assert Instance.objects.get().version_id == first.pk


def test_a_version_of_another_kit_is_no_upgrade():
    instance = taken(released())
    other = released(code="tasting")
    with pytest.raises(Refused, match=r"kits\.other_kit"):
        actions.upgrade(viewer=TESTS, instance_id=instance.public_id, revision=1, to=other.public_id)


def test_a_recall_stops_adoption_and_warns_those_ahead():
    version, store = released(), StoreFactory()
    series = taken(version, store, kind="series", key="s1")
    ahead(series, 2, "open")
    used(series, clock.now() - HOUR, clock.now() + HOUR, key="running")
    used(series, clock.now() - 8 * DAY, clock.now() - 8 * DAY + HOUR, key="past")
    ahead(series, 5, "off")
    actions.held(room="events", keys=["past"])
    actions.cancelled(room="events", keys=["off"])
    actions.recall(viewer=TESTS, version_id=version.public_id, reason="糖霜批次有问题")
    assert {row.use.key for row in RecallWarning.objects.select_related("use")} == {"open", "running"}
    with pytest.raises(Refused) as refused:
        taken(version, key="e9")
    assert (refused.value.code, refused.value.data["reason"]) == ("kits.recalled", "糖霜批次有问题")
    assert Instance.objects.count() == 1
    page = queries.warnings_for(champion(store))
    assert {line.event_key for line in page.items} == {"open", "running"}
    actions.see_warning(viewer=champion(store), warning_id=page.items[0].public_id)
    assert len(queries.warnings_for(champion(store)).items) == 1
    assert queries.warnings_for(champion(StoreFactory())).items == ()


def test_a_recall_is_for_good_and_said_twice_it_changes_nothing():
    version = released()
    one = actions.recall(viewer=TESTS, version_id=version.public_id, reason="温度写错")
    again = actions.recall(viewer=TESTS, version_id=version.public_id, reason="别的原因")
    assert (again.pk, again.reason) == (one.pk, "温度写错")
    with pytest.raises(IntegrityError), transaction.atomic():
        Recall.objects.all().delete()
    with pytest.raises(Refused, match=r"kits\.reason_missing"):
        actions.recall(viewer=TESTS, version_id=version.public_id, reason=" ")


def test_postgresql_itself_lets_nobody_adopt_what_was_recalled():
    version = released()
    instance = taken(version)
    actions.recall(viewer=TESTS, version_id=version.public_id, reason="温度写错")
    with pytest.raises(IntegrityError), transaction.atomic():
        Instance.objects.create(
            kit=version.kit,
            version=version,
            store=instance.store,
            room="events",
            kind="occurrence",
            key="e2",
            adopted_by="x",
            adopted_at=clock.now(),
            changed_at=clock.now(),
        )


def test_what_was_recalled_is_left_by_an_open_event_that_takes_the_new_version():
    first = released()
    instance = taken(first)
    use = ahead(instance, 2)
    actions.opened(room="events", keys=[use.key])
    actions.recall(viewer=TESTS, version_id=first.public_id, reason="温度写错")
    assert queries.recalled([("events", use.key), ("events", "other")]) == {("events", use.key)}
    second = released(first.kit, minutes=95)
    actions.upgrade(viewer=TESTS, instance_id=instance.public_id, revision=1, to=second.public_id)
    assert queries.recalled([("events", use.key)]) == frozenset()


def test_a_forbidden_word_stops_a_release_and_an_adaptation_until_it_is_allowed():
    kit = cooked(summary="一堂国家级的亲子课。")
    with pytest.raises(Refused) as refused:
        released(kit)
    assert (refused.value.code, refused.value.data["word"], refused.value.data["path"]) == (
        "kits.copy_forbidden",
        "国家级",
        "summary",
    )
    assert not Version.objects.exists()
    actions.record_exception(
        viewer=TESTS, kit_id=kit.public_id, word="国家级", why="法务确认：课程名里的奖项原名"
    )
    version = released(kit)
    with pytest.raises(Refused, match=r"kits\.copy_forbidden"):
        taken(version, own={"warmup.teaser.text": "顶级烘焙课。"})
    assert not Instance.objects.exists()


def test_a_step_that_does_not_work_comes_back_and_is_answered():
    version, store = released(), StoreFactory()
    mine = champion(store)
    report = actions.report_step(viewer=mine, version_id=version.public_id, store=store, step="outline.dough")
    actions.report_step(
        viewer=TESTS,
        version_id=version.public_id,
        store=StoreFactory(),
        step="outline.dough",
        sentence="没有操作台",
    )
    with pytest.raises(Refused, match=r"kits\.reported"):
        actions.report_step(viewer=mine, version_id=version.public_id, store=store, step="outline.dough")
    with pytest.raises(Refused, match=r"kits\.no_field"):
        actions.report_step(viewer=mine, version_id=version.public_id, store=store, step="outline.none")
    assert queries.steps_reported(TESTS, version.kit.public_id) == [(1, "outline.dough", "和面", 2, 2)]
    assert [row.store_id for row in queries.reports_of(mine, version.kit.public_id).items] == [store.pk]
    with pytest.raises(Refused, match="absent"):
        actions.answer_report(viewer=mine, report_id=report.public_id, answer="好")
    actions.answer_report(viewer=TESTS, report_id=report.public_id, answer="改用折叠桌，下一版写进清单")
    with pytest.raises(Refused, match=r"kits\.answered"):
        actions.answer_report(viewer=TESTS, report_id=report.public_id, answer="再说")
    assert queries.steps_reported(TESTS, version.kit.public_id) == [(1, "outline.dough", "和面", 2, 1)]


def test_planned_and_actual_cost_stand_side_by_side():
    instance = taken(released(), places=10)
    used(instance, clock.now() + DAY, clock.now() + DAY + HOUR)
    actions.record_costs(viewer=TESTS, room="events", key="e1", spent=[actions.Spent("flour", 2000, 1900)])
    actions.record_costs(viewer=TESTS, room="events", key="e1", spent=[actions.Spent("flour", 1900, 1850)])
    bill = queries.bill_of(TESTS, "events", "e1")
    assert [(line.key, line.planned_fen, line.actual_fen) for line in bill.lines] == [
        ("flour", 1620, 1850),
        ("icing", 6600, None),
    ]
    assert (bill.planned_fen, bill.actual_fen, bill.budget_fen) == (8220, 1850, 42000)
    with pytest.raises(Refused, match=r"kits\.costs"):
        actions.record_costs(viewer=TESTS, room="events", key="e1", spent=[actions.Spent("gold", 1, 1)])


def test_the_starter_kits_are_loaded_once():
    made = actions.seed(viewer=TESTS)
    assert [kit.code for kit in made] == [
        "little-baker",
        "mums-morning-tea",
        "swap-corner",
        "tasting",
        "weekend-market",
    ]
    assert actions.seed(viewer=TESTS) == []
    assert Kit.objects.count() == Version.objects.count() == 5
    assert Use.objects.filter(standing=Standing.HELD).count() == 0
