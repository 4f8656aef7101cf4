"""What upper rooms say: written once in one statement, moved with its subject, stopped with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from outreach.town import DAY, HOUR, SUBJECT, TEXT, decisions, inbox, letter, neighbour, say, state, tell
from people.factories import member_viewer
from stores.factories import TESTS
from tongxin.foundation import clock
from tongxin.outreach import actions
from tongxin.outreach.models import Send
from tongxin.outreach.terms import MessageKind, SendState
from tongxin.project import wiring

pytestmark = pytest.mark.django_db
KINDS = {
    "moved": MessageKind("{name}改到{when}", "{name} moved to {when}", ("name", "when")),
    "fire": MessageKind("{name}临时取消", "{name} is called off", ("name",), urgent=True),
}


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Two kinds of messages that a room might declare."""
    monkeypatch.setattr(wiring, "MESSAGE_KINDS", KINDS)


def test_a_notice_reaches_the_inbox_once(noon):
    member = neighbour()
    send = tell(member)
    assert actions.drain() == actions.Drained(sent=1)
    assert actions.drain() == actions.Drained()
    send.refresh_from_db()
    assert (send.state, send.channel, send.handed_at, send.done_at) == (SendState.SENT, "inbox", noon, noon)
    assert inbox(member) == [TEXT]
    assert decisions(send) == [("sent", "allowed")]


def test_one_key_is_written_once_and_belongs_to_its_act(noon):
    member = neighbour()
    first = letter(member, key="once")
    say(first, replace(first, text="另一句"))
    say(first)
    assert [send.key for send in Send.objects.all()] == ["once"]
    actions.drain()
    assert inbox(member) == [TEXT]
    with transaction.atomic():
        actions.notify(viewer=TESTS, sends=[letter(member)])
        transaction.set_rollback(True)
    assert Send.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written():
    with pytest.raises(RuntimeError):
        actions.notify(viewer=TESTS, sends=[letter(neighbour())])
    assert not Send.objects.exists()
    actions.notify(viewer=TESTS, sends=[])


@pytest.mark.parametrize("many", [1, 50])
def test_one_statement_however_many(many):
    members = [neighbour() for _ in range(min(many, 5))]
    letters = [letter(members[n % len(members)]) for n in range(many)]
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as asked,
    ):
        actions.notify(viewer=TESTS, sends=letters)
    assert len(asked) == 1
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        assert actions.anchor(viewer=TESTS, subject=SUBJECT, at=clock.now()) == 0
        assert (
            actions.cancel(viewer=TESTS, subject=SUBJECT, reason="event_cancelled", person=members[0].pk) > 0
        )
    assert len(asked) == 2


def test_words_come_from_the_kind_in_the_members_language(noon):
    member = neighbour()
    fields = {"name": "揉面课", "when": "周日 14:00", "path": "/e/1"}
    itself = replace(member_viewer(member), language="en")
    say(letter(member, kind="moved", text=None, body=fields), viewer=itself)
    tell(member, kind="moved", text=None, body=fields)
    actions.drain()
    assert inbox(member) == ["揉面课 moved to 周日 14:00", "揉面课改到周日 14:00"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"kind": "nothing", "text": None}, "no such kind"),
        ({"kind": "moved", "text": None, "body": {"name": "x"}}, "without when"),
        ({"anchor": HOUR}, "says when"),
    ],
)
def test_what_could_never_be_sent_is_a_fault_of_the_caller(more, says):
    with pytest.raises(ValueError, match=says):
        tell(neighbour(), **more)
    assert not Send.objects.exists()


def test_text_is_sealed_at_rest():
    tell(neighbour(), text="小桃的座位是 3 号")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM outreach_send s")
        assert "小桃" not in cursor.fetchone()[0]


def test_words_that_lost_their_kind_fail_alone(noon, monkeypatch, caplog):
    lost, kept = neighbour(), neighbour()
    broken = tell(lost, kind="moved", text=None, body={"name": "揉面课", "when": "周日"})
    tell(kept)
    monkeypatch.setattr(wiring, "MESSAGE_KINDS", {})
    actions.drain()
    assert state(broken) == (SendState.FAILED, "channel_failed")
    assert (inbox(lost), inbox(kept)) == ([], [TEXT])
    assert "揉面课" not in caplog.text


# ---- moved with the subject, stopped with it


def test_a_move_shifts_what_hangs_on_it(noon):
    start = noon + 3 * DAY
    hours_before = timedelta(hours=-24)
    remind = tell(neighbour(), due_at=start + hours_before, anchor=hours_before, expires_at=start)
    fixed = tell(neighbour(), due_at=noon + DAY)
    elsewhere = tell(neighbour(), due_at=noon + DAY, anchor=hours_before, subject=("events", "other"))
    assert actions.anchor(viewer=TESTS, subject=SUBJECT, at=start + 2 * DAY) == 1
    for send, due, expires in (
        (remind, start + DAY, start + 2 * DAY), (fixed, noon + DAY, None), (elsewhere, noon + DAY, None),
    ):  # fmt: skip
        send.refresh_from_db()
        assert (send.due_at, send.next_at, send.expires_at) == (due, due, expires)
    assert actions.drain() == actions.Drained()
    with clock.held(start + DAY):
        assert actions.drain().sent == 3


@pytest.mark.parametrize("count", [1, 30])
def test_many_subjects_are_told_and_moved_in_one_statement_each(noon, count):
    """As when the hour of a whole series changes: each subject to its own instant, in one statement."""
    member, before = neighbour(), timedelta(hours=-24)
    subjects = [("events", f"date-{n}") for n in range(count)]
    letters = [
        letter(member, due_at=noon + DAY, anchor=before, expires_at=noon + 2 * DAY, subject=one)
        for one in subjects
    ]
    other = tell(member, due_at=noon + DAY, anchor=before, subject=("rooms", "date-0"))
    at = {key: noon + (5 + n) * DAY for n, (_, key) in enumerate(subjects)}
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        actions.notify(viewer=TESTS, sends=letters)
        assert actions.anchor_many(viewer=TESTS, room="events", at=at) == count
    assert len(asked) == 2
    moved = Send.objects.filter(subject_room="events")
    assert {s.subject_key: (s.due_at, s.next_at, s.expires_at, s.anchor) for s in moved} == {
        key: (when - DAY, when - DAY, when, before) for key, when in at.items()
    }
    other.refresh_from_db()
    assert other.due_at == noon + DAY
    assert actions.anchor_many(viewer=TESTS, room="events", at={}) == 0


def test_a_move_does_not_bring_back_what_has_gone(noon):
    gone = tell(neighbour(), due_at=noon, anchor=-HOUR)
    actions.drain()
    assert actions.anchor(viewer=TESTS, subject=SUBJECT, at=noon + DAY) == 0
    assert state(gone)[0] == SendState.SENT


def test_a_move_into_the_night_of_a_held_reminder(noon):
    night = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)  # ten in the evening
    remind = tell(neighbour(), due_at=night, anchor=-HOUR, expires_at=night + 20 * HOUR)
    with clock.held(night):
        assert actions.drain() == actions.Drained(held=1)
        assert actions.anchor(viewer=TESTS, subject=SUBJECT, at=night + 2 * DAY) == 1
    remind.refresh_from_db()
    assert remind.next_at == remind.due_at == night + 2 * DAY - HOUR


def test_what_was_cancelled_never_goes(noon):
    one, other = neighbour(), neighbour()
    kinds = {name: tell(one, kind=name, due_at=noon + HOUR) for name in ("a", "b")}
    hers = tell(other, kind="a", due_at=noon + HOUR)
    gone = tell(one, kind="a")
    actions.drain()
    assert (
        actions.cancel(viewer=TESTS, subject=SUBJECT, kinds={"a"}, person=one.pk, reason="seat_given_back")
        == 1
    )
    assert state(kinds["a"]) == (SendState.CANCELLED, "seat_given_back")
    assert [state(send)[0] for send in (kinds["b"], hers, gone)] == [SendState.QUEUED] * 2 + [SendState.SENT]
    assert actions.cancel(viewer=TESTS, subject=SUBJECT, reason="event_cancelled") == 2
    assert actions.cancel(viewer=TESTS, subject=SUBJECT, reason="event_cancelled") == 0
    with clock.held(noon + HOUR):
        assert actions.drain() == actions.Drained()
    assert (len(inbox(one)), inbox(other)) == (1, [])


def test_cancelling_for_a_person_means_all_their_entries(noon):
    from people.factories import CustomerFactory
    from tongxin.people.actions import merge
    from tongxin.people.terms import MergeReason

    old, new = CustomerFactory(), CustomerFactory()
    tell(old, due_at=noon + HOUR)
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    assert actions.cancel(viewer=TESTS, subject=SUBJECT, person=new.pk, reason="seat_given_back") == 1
