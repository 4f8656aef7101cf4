"""Events made from a kit: locked fields hold, copy goes with the event, a recall holds its letters, an upgrade frees them."""

import uuid
from datetime import timedelta

import pytest

from events.factories import published
from kits.kitchen import content, released
from outreach.town import agree
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions, queries
from tongxin.events.actions import Round, kit_links
from tongxin.events.actions.ending import end_due
from tongxin.events.models import Attendance, Occurrence, Pool, Registration
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits import actions as kits
from tongxin.kits.models import Instance, Use
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import DecisionRow, InboxItem, Message, Send, Task
from tongxin.outreach.terms import SendState
from tongxin.people.terms import Purpose

pytestmark = [pytest.mark.django_db]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at(noon):
    """Thursday noon."""
    return noon


def from_kit(version=None, store=None, *, days=6, hour=-2, **own):
    """A draft for 10:00 on a day ahead (noon and two hours back)."""
    return actions.draft_from_kit(
        viewer=TESTS,
        store=store or StoreFactory(),
        version_id=(version or released()).public_id,
        starts_at=clock.now() + days * DAY + hour * HOUR,
        overrides=own,
    )


def opened(*args, **more):
    """The same, published."""
    made = from_kit(*args, **more)
    return actions.publish(viewer=TESTS, event_id=made.occurrence.public_id), made.instance


def plans(event):
    return {m.step: m for m in Message.objects.filter(about_key=str(event.public_id))}


def comes(event):
    """A member of the store with a place, who likes to hear of things."""
    member = CustomerFactory(home_store=event.store)
    agree(member)
    actions.register(viewer=TESTS, event_id=event.public_id, person=member.pk, channel="counter")
    return member


def test_the_group_of_the_kit_is_offered_afterwards_with_the_stores_link_until_the_champion_says_otherwise():
    words = {"group_text": "烘焙小家庭群", "allow": {"group_url": {"rule": "free"}}}
    event, _ = opened(released(**words), group_url="https://example.com/g/1")
    key, other = event.public_id, published(event.store)
    assert queries.followup_of(TESTS, key) == queries.GroupAfter("烘焙小家庭群", "https://example.com/g/1", 0)
    member = comes(event)
    Attendance.objects.create(
        registration=Registration.objects.get(occurrence=event), occurrence=event, person=member,
        counted=uuid.uuid4(), at=event.starts_at,
    )  # fmt: skip
    assert queries.my_followup(member_viewer(member), key).url == "https://example.com/g/1"
    assert queries.my_followup(member_viewer(CustomerFactory()), key) is None
    with clock.held(event.ends_at + HOUR):
        actions.thank_guests(viewer=TESTS, event_id=key)
        assert "https://example.com/g/1" in Send.objects.get(kind="events.thanks").body
    actions.offer_group(viewer=TESTS, event_id=key, text="", url="", version=0)  # taken back at this store
    assert (queries.group_after(event), queries.followup_of(TESTS, key).version) == (None, 1)
    assert queries.group_after(other) is None  # control arm: an event without a kit


def test_a_kit_without_a_link_offers_nothing_and_hands_its_sentence_to_the_champion():
    event, _ = opened(released(group_text="烘焙小家庭群"))
    assert queries.followup_of(TESTS, event.public_id) == queries.GroupAfter("烘焙小家庭群", "", 0)
    assert queries.group_after(event) is None


def test_an_event_is_what_the_kit_says_with_the_stores_changes():
    made = from_kit(places=9)
    event = made.occurrence
    assert (event.title, event.format, event.kit, event.fee_fen, event.party_most) == (
        "小小烘焙师",
        "class",
        "little-baker",
        3900,
        3,
    )
    assert event.details == {"age_from": 3, "age_to": 10}
    assert event.ends_at - event.starts_at == timedelta(minutes=90)
    assert Pool.objects.get(occurrence=event).size == 9
    use = Use.objects.get()
    assert (use.key, use.overrides, use.standing) == (str(event.public_id), {"places": 9}, "planned")
    assert made.instance.overrides == {"places": 9}


def test_an_hour_outside_the_range_makes_nothing():
    with pytest.raises(Refused) as refused:
        from_kit(hour=5)
    assert (refused.value.code, refused.value.data["range"]) == ("kits.out_of_range", "09:30～15:00")
    assert not Occurrence.objects.exists()
    assert not Instance.objects.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"fee_fen": 0}, "kits.locked"),
        ({"title": "烘焙课"}, "kits.locked"),
        ({"party_most": 5}, "kits.locked"),
    ],
)
def test_what_the_kit_locks_cannot_be_changed_at_the_event_either(words, code):
    made = from_kit()
    with pytest.raises(Refused) as refused:
        actions.change(viewer=TESTS, event_id=made.occurrence.public_id, version=1, **words)
    assert refused.value.code == code
    assert Occurrence.objects.get().version == 1


def test_control_the_same_change_is_fine_at_an_event_without_a_kit():
    event = published()
    assert actions.change(viewer=TESTS, event_id=event.public_id, version=1, title="烘焙课").title == "烘焙课"


def test_a_change_at_the_event_is_drift_of_the_store():
    event, instance = opened()
    actions.resize(viewer=TESTS, event_id=event.public_id, version=1, audience="", size=16)
    with pytest.raises(Refused, match=r"kits\.out_of_range"):
        actions.resize(viewer=TESTS, event_id=event.public_id, version=2, audience="", size=17)
    assert Pool.objects.get().size == 16
    instance.refresh_from_db()
    assert (instance.overrides, Use.objects.get().overrides) == ({"places": 16}, {"places": 16})


def test_copy_is_planned_by_the_clock_on_the_wall_and_moves_with_the_event():
    event, _ = opened(days=5)
    found = plans(event)
    assert set(found) == {"remind", "works"}  # a week before is past already
    remind = found["remind"]
    assert (remind.state, remind.channel, remind.audience, remind.message_class) == (
        "approved",
        "inbox",
        "event",
        "community",
    )
    assert (remind.text, remind.author) == ("明天 10:00 见。", "kit:little-baker v1")
    assert event.starts_at - remind.due_at == 22 * HOUR
    actions.move(
        viewer=TESTS,
        event_id=event.public_id,
        version=1,
        starts_at=event.starts_at + 2 * DAY + HOUR,
        ends_at=event.ends_at + 2 * DAY + HOUR,
    )
    moved = plans(event)["remind"]
    assert moved.due_at - remind.due_at == 2 * DAY + HOUR
    assert moved.expires_at - remind.expires_at == 2 * DAY + HOUR


def test_moving_out_of_the_kits_hours_is_refused():
    event, _ = opened()
    with pytest.raises(Refused, match=r"kits\.out_of_range"):
        actions.move(
            viewer=TESTS,
            event_id=event.public_id,
            version=1,
            starts_at=event.starts_at + 8 * HOUR,
            ends_at=event.ends_at + 8 * HOUR,
        )
    assert Use.objects.get().starts_at == event.starts_at


def test_copy_goes_to_those_who_registered():
    event, _ = opened()
    member = comes(event)
    with clock.held(event.starts_at - 22 * HOUR):
        outreach.expand_due(viewer=TESTS)
        outreach.drain()
    texts = [item.text for item in InboxItem.objects.filter(person=member)]
    assert "明天 10:00 见。" in texts


def test_copy_of_an_event_that_is_cancelled_never_goes():
    event, _ = opened()
    comes(event)
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="烤箱坏了")
    assert {m.state for m in plans(event).values()} == {SendState.CANCELLED}
    assert Use.objects.get().standing == "cancelled"
    with clock.held(event.starts_at - 22 * HOUR):
        assert outreach.expand_due(viewer=TESTS) == 0


def waiting_letters(event):
    """The reminder of the event core, due the day before, and the kit's copy: both not sent yet."""
    return {send.kind: send for send in Send.objects.filter(subject_key=str(event.public_id), state="queued")}


@pytest.mark.parametrize("recalled", [True, False], ids=["recalled", "control"])
def test_a_recall_in_the_middle_of_sending_holds_every_letter_that_has_not_gone(recalled):
    event, instance = opened()
    comes(event)
    outreach.drain()  # the confirmation has gone
    with clock.held(event.starts_at - 22 * HOUR):
        outreach.expand_due(viewer=TESTS)
        if recalled:
            kits.recall(viewer=TESTS, version_id=instance.version.public_id, reason="糖霜批次有问题")
        done = outreach.drain()
        assert done.sent == (0 if recalled else 2)
        assert sorted(waiting_letters(event)) == (["events.reminder", "plan"] if recalled else [])
        if recalled:
            said = DecisionRow.objects.filter(send__in=Send.objects.filter(state="queued")).values_list(
                "outcome", "why"
            )
            assert set(said) == {("held", "kit_recalled")}


def test_what_cannot_wait_goes_in_spite_of_the_recall():
    event, instance = opened()
    member = comes(event)
    outreach.drain()
    kits.recall(viewer=TESTS, version_id=instance.version.public_id, reason="糖霜批次有问题")
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="工具包召回")
    outreach.drain()
    assert any("取消" in item.text for item in InboxItem.objects.filter(person=member))


def test_another_version_frees_what_the_recall_held():
    event, instance = opened()
    comes(event)
    outreach.drain()
    kit = instance.version.kit
    with clock.held(event.starts_at - 22 * HOUR):
        outreach.expand_due(viewer=TESTS)
        kits.recall(viewer=TESTS, version_id=instance.version.public_id, reason="糖霜批次有问题")
        outreach.drain()
        mended = released(kit, safety=[{"key": "oven", "text": "孩子不进烤箱区，换糖霜批次。"}])
        instance.refresh_from_db()
        changed = actions.upgrade_kit(
            viewer=TESTS, instance_id=instance.public_id, revision=instance.revision, to=mended.public_id
        )
        assert [use.key for use in changed.uses] == [str(event.public_id)]
        assert outreach.drain().sent == 2


def test_a_colleagues_open_task_is_taken_back_by_a_recall():
    event, instance = opened(days=8, hour=-2)
    member = CustomerFactory(home_store=event.store)
    agree(member, Purpose.GROUP_MESSAGE)
    teaser = plans(event)["teaser"]
    assert (teaser.channel, teaser.audience, teaser.text) == (
        "manual",
        "store",
        f"3月13日（周五） {event.store.name} 见，12 席。",
    )
    with clock.held(teaser.due_at):
        outreach.expand_due(viewer=TESTS)
        outreach.drain()
        assert Task.objects.get().state == "awaiting_staff"
        assert outreach.pull_back() == 0
        kits.recall(viewer=TESTS, version_id=instance.version.public_id, reason="糖霜批次有问题")
        assert outreach.pull_back() == 1
        assert Task.objects.get().state == "cancelled"
        assert outreach.drain().held == 1


def test_a_series_uses_its_kit_date_by_date_and_an_upgrade_changes_only_drafts_ahead():
    first, store = released(), StoreFactory()
    made = actions.open_series_from_kit(
        viewer=TESTS,
        store=store,
        version_id=first.public_id,
        round_=Round(rule="FREQ=WEEKLY;BYDAY=SA", starts_on=clock.now().date()),
        overrides={"places": 9},
    )
    rows = sorted(made.opened.occurrences, key=lambda row: row.starts_at)
    assert Use.objects.count() == len(rows) > 3
    past, open_, draft = rows[0], rows[1], rows[2]
    for row in (past, open_):
        actions.publish(viewer=TESTS, event_id=row.public_id)
    with clock.held(past.ends_at + 2 * DAY):
        end_due(viewer=TESTS)
        second = released(first.kit, minutes=100)
        before = list(Occurrence.objects.filter(pk__in=[past.pk, open_.pk]).order_by("id").values())
        uses = list(
            Use.objects.filter(key__in=[str(past.public_id), str(open_.public_id)]).order_by("id").values()
        )
        made.instance.refresh_from_db()
        actions.upgrade_kit(
            viewer=TESTS,
            instance_id=made.instance.public_id,
            revision=made.instance.revision,
            to=second.public_id,
        )
    assert list(Occurrence.objects.filter(pk__in=[past.pk, open_.pk]).order_by("id").values()) == before
    assert (
        list(Use.objects.filter(key__in=[str(past.public_id), str(open_.public_id)]).order_by("id").values())
        == uses
    )
    starts = draft.starts_at
    draft.refresh_from_db()
    assert (draft.starts_at, draft.ends_at - draft.starts_at) == (starts, timedelta(minutes=100))
    assert Pool.objects.get(occurrence=draft).size == 9
    assert Use.objects.get(key=str(past.public_id)).standing == "held"


def test_a_series_cannot_be_edited_out_of_its_kit():
    made = actions.open_series_from_kit(
        viewer=TESTS,
        store=StoreFactory(),
        version_id=released().public_id,
        round_=Round(rule="FREQ=WEEKLY;BYDAY=SA;COUNT=3", starts_on=clock.now().date()),
    )
    series = made.opened.series
    with pytest.raises(Refused, match=r"kits\.out_of_range"):
        actions.change_series(viewer=TESTS, series_id=series.public_id, version=1, places=40)
    actions.change_series(viewer=TESTS, series_id=series.public_id, version=1, places=10)
    assert {use.overrides["places"] for use in Use.objects.all()} == {10}
    made.instance.refresh_from_db()
    assert made.instance.overrides == {"places": 10}


def test_the_copy_of_far_events_is_planned_when_they_come_near():
    event, _ = opened(days=30)
    assert plans(event) == {}
    with clock.held(event.starts_at - 8 * DAY):
        assert kit_links.warm_due(viewer=TESTS) == 1
        assert kit_links.warm_due(viewer=TESTS) == 0
    assert set(plans(event)) == {"teaser", "remind", "works"}


def test_adapted_copy_takes_the_place_of_what_has_not_gone():
    event, instance = opened(days=8)
    actions.adapt_kit(
        viewer=TESTS,
        instance_id=instance.public_id,
        revision=1,
        overrides={"warmup.teaser.text": "{活动日期}，{门店}，来做饼干。"},
    )
    assert plans(event)["teaser"].text == f"3月13日（周五），{event.store.name}，来做饼干。"
    assert Message.objects.count() == 3


def test_plain_content_of_the_kitchen_is_not_shared_between_tests():
    assert content()["places"] == 12
