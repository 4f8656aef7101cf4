"""Sequences: arms that can be recomputed, steps by day, what pauses and ends them; groups are drawn as groups."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction

from outreach.town import DAY, HOUR, decisions, inbox, willing
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions, queries, sequencing
from tongxin.outreach.actions import sequences
from tongxin.outreach.models import Enrolment, Message, Send, Sequence, Task
from tongxin.outreach.ports import GroupLine
from tongxin.outreach.sequencing import StepFacts
from tongxin.outreach.terms import MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import Arm, GroupMood, SequenceKind, SequenceState
from tongxin.project import wiring
from tongxin.stores.terms import Role

S, R = SendState, Reason
ZONE = "Asia/Shanghai"
ENTERED = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # noon on the wall


# ---- the rule, without a database


@pytest.mark.parametrize(
    ("step", "due"),
    [
        (StepFacts(0, time(10)), ENTERED),
        (StepFacts(0, time(18)), datetime(2026, 3, 5, 10, 0, tzinfo=UTC)),
        (StepFacts(1, time(10)), datetime(2026, 3, 6, 2, 0, tzinfo=UTC)),
        (StepFacts(7, time(10)), datetime(2026, 3, 12, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_step_is_due_by_the_wall_and_never_before_the_entry(step, due):
    assert sequencing.due_at(step, ENTERED, ZONE) == due


def test_the_day_is_the_stores_own():
    late = datetime(2026, 3, 5, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai, the next day in Tokyo
    step = StepFacts(1, time(9))
    assert sequencing.due_at(step, late, ZONE) == datetime(2026, 3, 6, 1, 0, tzinfo=UTC)
    assert sequencing.due_at(step, late, "Asia/Tokyo") == datetime(2026, 3, 7, 0, 0, tzinfo=UTC)


def test_arms_follow_from_seed_and_name_alone():
    drawn = {str(n): sequencing.arm_of("seed", str(n), arms=2, held_permille=100) for n in range(2000)}
    again = {str(n): sequencing.arm_of("seed", str(n), arms=2, held_permille=100) for n in range(2000)}
    counts = Counter(drawn.values())
    assert drawn == again
    assert 150 < counts[Arm.HELD] < 250
    assert abs(counts[Arm.A] - counts[Arm.B]) < 150
    assert sum(drawn[n] != sequencing.arm_of("other", n, arms=2, held_permille=100) for n in drawn) > 600
    assert {sequencing.arm_of("seed", str(n), arms=1, held_permille=0) for n in range(50)} == {Arm.A}


def test_groups_are_drawn_together_as_equal_as_can_be():
    groups = [f"g{n}" for n in range(40)]
    arms = sequencing.arms_of_groups("seed", groups, arms=2, held_permille=100)
    assert Counter(arms.values()) == {Arm.HELD: 4, Arm.A: 18, Arm.B: 18}
    assert arms == sequencing.arms_of_groups("seed", groups[::-1], arms=2, held_permille=100)
    assert sequencing.arms_of_groups("seed", groups[:10], arms=1, held_permille=1)[groups[0]] in set(Arm)


@pytest.mark.parametrize(
    ("step", "arm", "mood", "yes"),
    [
        (StepFacts(0, time(9)), Arm.B, GroupMood.QUIET, True),
        (StepFacts(0, time(9), "A"), Arm.B, GroupMood.ANY, False),
        (StepFacts(0, time(9), "A"), Arm.HELD, GroupMood.ANY, True),
        (StepFacts(0, time(9), "B"), Arm.HELD, GroupMood.ANY, False),
        (StepFacts(0, time(9), "", "quiet"), Arm.A, GroupMood.QUIET, True),
        (StepFacts(0, time(9), "", "quiet"), Arm.A, GroupMood.LIVELY, False),
    ],
)
def test_which_step_is_for_whom(step, arm, mood, yes):
    assert sequencing.suits(step, arm, mood) is yes


# ---- with a database

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(noon):
    return StoreFactory(name="南京路店")


@pytest.fixture
def boss(store):
    return viewer(Role.HQ_EDITOR)


def step(day=0, text="欢迎你来", at=time(9), **more):
    return actions.StepIn(day=day, at=at, text=text, **more)


def sequence(store, boss, *steps, started=True, kind=SequenceKind.ONBOARDING, **more):
    given = {
        "title": "新人七天",
        "message_class": MessageClass.COMMUNITY,
        "channel": "inbox",
        "audience": "store",
        "audience_key": str(store.public_id),
        "store": store,
        "until": clock.now() + 90 * DAY,
        "steps": steps or (step(0), step(3, "来过一次了吗", time(10))),
    }
    made = actions.plan_sequence(viewer=boss, kind=kind, **(given | more))
    if started:
        actions.start_sequence(viewer=boss, public_id=made.public_id)
    return Sequence.objects.get(pk=made.pk)


def go(at=None):
    with clock.held(at or clock.now()):
        made = actions.run_sequences(viewer=TESTS)
        actions.drain()
        actions.drain_groups()
        actions.settle_plans()
    return made


def test_newcomers_hear_it_day_by_day_and_once(store, boss, noon):
    first = willing(home_store=store)
    made = sequence(store, boss)
    assert go() == 1
    assert go() == 0
    assert inbox(first) == ["欢迎你来"]
    with clock.held(noon + DAY):
        later = willing(home_store=store)
    assert go(noon + DAY + HOUR) == 1
    assert go(noon + 3 * DAY) == 1
    assert (inbox(first), inbox(later)) == (["欢迎你来", "来过一次了吗"], ["欢迎你来"])
    assert [line.states for line in queries.steps_of(boss, made.public_id)] == [{S.SENT: 2}, {S.SENT: 1}]
    assert [(line.arm, line.many) for line in queries.arms_in(boss, made.public_id)] == [(Arm.A, 2)]
    assert Enrolment.objects.count() == 2


def test_what_is_two_days_late_is_not_said(store, boss, noon):
    member = willing(home_store=store)
    sequence(store, boss, step(0), step(1, "第二天"))
    go()
    assert go(noon + 5 * DAY) == 0
    assert inbox(member) == ["欢迎你来"]


def test_who_leaves_the_audience_hears_no_more(store, boss, noon):
    member = willing(home_store=store)
    sequence(store, boss)
    go()
    type(member).objects.filter(pk=member.pk).update(home_store=StoreFactory())
    assert go(noon + 3 * DAY) == 1
    assert decisions(Send.objects.latest("id")) == [("dropped", "left_audience")]


def test_the_held_out_leave_a_decision_and_hear_nothing(store, boss, monkeypatch):
    """Control arm: with no holdout the same people hear it."""
    members = [willing(home_store=store) for _ in range(12)]
    made = sequence(store, boss, held_permille=500, seed="s")
    go()
    held = {
        one.pk
        for one in members
        if sequencing.arm_of("s", str(one.public_id), arms=1, held_permille=500) is Arm.HELD
    }
    assert 0 < len(held) < 12
    dropped = Send.objects.filter(message__sequence=made, reason=R.HELD_OUT)
    assert set(dropped.values_list("person", flat=True)) == held
    assert {one.pk for one in members if not inbox(one)} == held
    person = next(one for one in members if one.pk in held)
    assert [one.label for one in queries.held_out_of(boss, person.public_id)] == ["新人七天"]
    other = StoreFactory()
    fine = [willing(home_store=other) for _ in range(6)]
    sequence(other, boss)
    go()
    assert all(inbox(one) for one in fine)


def test_two_arms_hear_different_words(store, boss):
    members = [willing(home_store=store) for _ in range(10)]
    made = sequence(store, boss, step(arm="A", text="甲"), step(arm="B", text="乙"), arms=2, seed="s")
    go()
    told = {one.pk: inbox(one) for one in members}
    wanted = {Arm.A: ["甲"], Arm.B: ["乙"]}
    assert told == {
        one.pk: wanted[sequencing.arm_of("s", str(one.public_id), arms=2, held_permille=0)] for one in members
    }
    assert {line.arm for line in queries.arms_in(boss, made.public_id)} == {Arm.A, Arm.B}


def test_paused_is_held_and_resumed_goes_on(store, boss, noon):
    member = willing(home_store=store)
    made = sequence(store, boss)
    actions.run_sequences(viewer=TESTS)
    actions.pause_sequence(viewer=boss, public_id=made.public_id, reason="工具包召回")
    assert go() == 0
    send = Send.objects.get()
    assert (inbox(member), send.state, decisions(send)) == ([], S.QUEUED, [("held", "paused")])
    actions.resume_sequence(viewer=boss, public_id=made.public_id)
    go()
    assert inbox(member) == ["欢迎你来"]


def test_it_ends_with_its_event_with_its_time_and_by_hand(store, boss, noon):
    willing(home_store=store)
    about = sequence(store, boss, about=("events", "one"))
    over = sequence(store, boss, until=noon + DAY)
    by_hand = sequence(store, boss)
    go()
    with transaction.atomic():
        actions.drop_copy(viewer=TESTS, room="events", keys=["one"], reason="event_cancelled")
        actions.cancel(viewer=TESTS, subject=("events", "one"), reason="event_cancelled")
    assert actions.end_sequence(viewer=boss, public_id=by_hand.public_id, reason="不做了") >= 0
    assert go(noon + 4 * DAY) == 0
    ended = {one.pk: (one.state, one.reason) for one in Sequence.objects.all()}
    assert ended == {
        about.pk: (SequenceState.ENDED, "subject_dropped"),
        over.pk: (SequenceState.ENDED, "over"),
        by_hand.pk: (SequenceState.ENDED, "不做了"),
    }
    assert not Message.objects.filter(state__in=[S.QUEUED, S.APPROVED]).exists()


BAD = [
    ({"steps": ()}, "outreach.no_steps"),
    ({"steps": (step(367),)}, "outreach.step_bad"),
    ({"steps": (step(arm="A"),)}, "outreach.step_bad"),
    ({"steps": (step(arm="A"),), "arms": 2}, "outreach.step_bad"),
    ({"steps": (step(), step())}, "outreach.step_bad"),
    ({"steps": (step(text=" "),)}, "outreach.empty"),
    ({"held_permille": 501}, "outreach.share_bad"),
    ({"message_class": MessageClass.SERVICE}, "outreach.service_needed"),
    ({"audience": "moon"}, "outreach.no_audience"),
    ({"until": ENTERED}, "outreach.past_expiry"),
]


@pytest.mark.parametrize(("more", "code"), BAD)
def test_what_a_sequence_may_not_be(store, boss, more, code):
    with pytest.raises(Refused) as no:
        sequence(store, boss, started=False, **({"steps": (step(),)} | more))
    assert no.value.code == code
    assert Sequence.objects.count() == 0


def test_who_may_plan_and_above_how_many_somebody_else_starts(store, boss, monkeypatch):
    champion = viewer(Role.CHAMPION, store=store)
    other = viewer(Role.CHAMPION, store=StoreFactory())
    made = sequence(store, champion, started=False)
    with pytest.raises(Refused, match="absent"):
        actions.start_sequence(viewer=other, public_id=made.public_id)
    with pytest.raises(Refused, match="forbidden"):
        sequence(store, other)
    assert queries.sequences_for(other).items == ()
    willing(home_store=store)
    monkeypatch.setattr(sequences, "SECOND_PERSON_OVER", 0)
    with pytest.raises(Refused, match="second_person_needed"):
        actions.start_sequence(viewer=champion, public_id=made.public_id)
    actions.start_sequence(viewer=boss, public_id=made.public_id)
    with pytest.raises(Refused, match="sequence_state"):
        actions.start_sequence(viewer=boss, public_id=made.public_id)
    assert [line.inside for line in queries.sequences_for(champion).items] == [0]


# ---- groups


class Groups:
    """Groups that the tests say."""

    id = "test"

    def __init__(self, lines):
        self.lines = lines

    def access(self, viewer, key):
        pass

    def groups(self, key, *, at):
        return self.lines


def test_a_groups_routine_by_day_mood_and_arm(store, boss, noon, monkeypatch):
    lines = [
        GroupLine(f"g{n}", f"{n} 群", store.pk, 100, noon, GroupMood.QUIET if n % 2 else GroupMood.LIVELY)
        for n in range(20)
    ]
    monkeypatch.setitem(wiring.GROUPS, "test", Groups(lines))
    made = sequence(
        store,
        boss,
        step(0, "早上好", mood="lively"),
        step(0, "好久没聊了", mood="quiet"),
        kind=SequenceKind.GROUP_SOP,
        channel="manual",
        audience="test",
        audience_key="x",
        held_permille=100,
        seed="s",
    )
    arms = sequencing.arms_of_groups("s", [one.key for one in lines], arms=1, held_permille=100)
    assert dict(Enrolment.objects.values_list("group_key", "arm")) == arms
    assert go() == 20
    tasks = {one.group_key: one for one in Task.objects.select_related("message")}
    for n, line in enumerate(lines):
        task = tasks[line.key]
        assert task.message.text == ("好久没聊了" if n % 2 else "早上好")
        held = arms[line.key] is Arm.HELD
        assert (task.state, task.reason) == ((S.CANCELLED, R.HELD_OUT) if held else (S.AWAITING_STAFF, ""))
    assert sum(arm is Arm.HELD for arm in arms.values()) == 2
    assert go() == 0
    late = GroupLine("late", "新群", store.pk, 3, noon, GroupMood.LIVELY)
    lines.append(late)
    assert go(noon + timedelta(minutes=5)) == 1
    assert made.target == "groups"
