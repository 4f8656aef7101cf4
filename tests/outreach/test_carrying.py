"""What leaves the house: a letter each, and the gate once more in the moment it is carried."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from outreach.town import DAY, HOUR, SUBJECT, TEXT, agree, decisions, inbox, neighbour, state, tell, willing
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.connect.gateway.channel import Gateway
from tongxin.connect.mail.channel import Email
from tongxin.foundation import clock
from tongxin.foundation.outbox import actions as outbox
from tongxin.foundation.outbox import relay
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.ports import Outcome
from tongxin.outreach import actions
from tongxin.outreach.actions import carrying
from tongxin.outreach.channels.gated import Gated
from tongxin.outreach.models import Address, Send
from tongxin.outreach.terms import MessageClass, SendState
from tongxin.people.actions import erase, merge
from tongxin.people.terms import MergeReason, Purpose

pytestmark = pytest.mark.django_db
SERVICE, COMMUNITY = MessageClass.SERVICE, MessageClass.COMMUNITY
NIGHT = datetime(2026, 3, 5, 13, 29, tzinfo=UTC)  # 21:29


class Box:
    """A carrier that remembers, and answers what it is told."""

    def __init__(self, *answers, dedupes=False):
        self.got, self.answers, self.dedupes = [], list(answers) or [Outcome("sent", "250")], dedupes

    def carry(self, letter):
        self.got.append(letter)
        return self.answers[min(len(self.got), len(self.answers)) - 1]


@pytest.fixture(autouse=True)
def configured(settings):
    """A gateway and a mail server, as far as the channels look."""
    settings.TONGXIN_SMS_GATEWAY = "https://sms.example"
    settings.TONGXIN_SMS_SECRET = "whsec_x"
    settings.TONGXIN_BASE_URL = "https://tx.example"


def carry(box, channel="webhook_out"):
    """One round of the relay."""
    return relay.drain(carriers={channel: Gated(channel, box)})


def test_a_service_notice_stands_in_the_inbox_and_leaves_as_one_letter(noon):
    member = neighbour(phone="13912340001")
    send = tell(member, body={"path": "/e/7"})
    assert actions.drain() == actions.Drained(sent=1)
    assert state(send) == (SendState.QUEUED, "")  # on its way
    assert actions.drain() == actions.Drained()
    box = Box()
    assert carry(box).carried == 1
    assert carry(box).carried == 0
    assert state(send) == (SendState.SENT, "")
    (parcel,) = box.got
    assert parcel.to == "+8613912340001"
    assert (parcel.body["text"], parcel.body["url"], parcel.body["sender"]) == (
        TEXT,
        "https://tx.example/e/7",
        "同心超市",
    )
    assert "stop" not in parcel.body
    assert inbox(member) == [TEXT]
    assert decisions(send) == [("sent", "allowed")]
    assert Send.objects.get().channel == "webhook_out"


def test_whoever_has_no_address_has_the_inbox(noon, settings):
    hashed = CustomerFactory(phone=None)
    send = tell(hashed)
    actions.drain()
    assert state(send) == (SendState.SENT, "")
    assert not Letter.objects.exists()
    settings.TONGXIN_SMS_GATEWAY = ""
    off = tell(neighbour())
    actions.drain()
    assert state(off) == (SendState.SENT, "")
    assert not Letter.objects.exists()


def withdraw(member, send):
    agree(member, Purpose.RUN_EVENT, granted=False)


def stop(member, send):
    actions.opt_out(viewer=member_viewer(member), customer=member, message_class=SERVICE)


def stop_texts(member, send):
    actions.opt_out(
        viewer=member_viewer(member), customer=member, message_class=SERVICE, channel="webhook_out"
    )


def cancelled(member, send):
    assert actions.cancel(viewer=TESTS, subject=SUBJECT, reason="event_cancelled") == 1


CHANGES = [
    (withdraw, "withdrawn"),
    (stop, "opted_out"),
    (stop_texts, "opted_out"),
    (cancelled, "event_cancelled"),
]


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_what_changes_before_the_letter_leaves_stops_it(noon, change, why):
    member = neighbour()
    send = tell(member)
    actions.drain()
    change(member, send)
    box = Box()
    carry(box)
    carry(box)
    assert box.got == []
    assert state(send) == (SendState.PARTLY_SENT, why)  # it stands in the inbox already
    assert (Letter.objects.get().state, Letter.objects.get().detail) == ("failed", why)
    assert actions.settle() == 0


@pytest.mark.parametrize("change", [withdraw, stop, cancelled])
def test_control_a_carrier_without_the_gate_sends_it_anyway(noon, change):
    member = neighbour()
    send = tell(member)
    actions.drain()
    change(member, send)
    box = Box()
    relay.drain(carriers={"webhook_out": box})
    assert len(box.got) == 1


def test_an_erased_member_gets_no_letter(noon):
    member = neighbour()
    send = tell(member)
    actions.drain()
    erase(viewer=member_viewer(member), customer=member, reason="asked")
    box = Box()
    carry(box)
    assert box.got == []
    assert state(send) == (SendState.CANCELLED, "erased")


def test_a_letter_that_failed_into_the_night_goes_in_the_morning(noon):
    member = neighbour()
    send = tell(member, due_at=NIGHT)
    box = Box(Outcome("failed", "503"), Outcome("sent"))
    with clock.held(NIGHT):
        actions.drain()
        carry(box)
    with clock.held(NIGHT + timedelta(minutes=2)):
        carry(box)
    assert len(box.got) == 1
    send.refresh_from_db()
    morning = datetime(2026, 3, 6, 0, 30, tzinfo=UTC)
    assert (send.state, send.handed_at, send.next_at) == (SendState.QUEUED, None, morning)
    assert Letter.objects.get().state == "failed"
    with clock.held(morning):
        actions.drain()
        carry(box)
    assert (len(box.got), len(inbox(member))) == (2, 1)
    assert state(send) == (SendState.SENT, "")
    assert decisions(send) == [("sent", "allowed"), ("held", "quiet_hours"), ("sent", "allowed")]
    assert Letter.objects.count() == 2


@pytest.mark.parametrize("then", ["waits", "cancelled", "expired"])
def test_what_stands_in_the_inbox_counts_whatever_becomes_of_its_letter(noon, then):
    member = willing()
    morning = datetime(2026, 3, 6, 0, 30, tzinfo=UTC)
    with clock.held(NIGHT):
        first = tell(member, COMMUNITY, due_at=NIGHT, subject=("events", "first"))
        actions.drain()
        carry(Box(Outcome("failed", "503")))
    with clock.held(NIGHT + timedelta(minutes=2)):
        carry(Box())  # too late: the letter waits
        if then == "cancelled":
            actions.cancel(viewer=TESTS, subject=("events", "first"), reason="event_cancelled")
        if then == "expired":
            Send.objects.filter(pk=first.pk).update(expires_at=morning)
            Send.objects.filter(pk=first.pk).update(next_at=morning - HOUR)
            with clock.held(morning - HOUR):
                actions.drain()
        other = tell(member, COMMUNITY, due_at=NIGHT - HOUR, text="second")
    with clock.held(morning):
        actions.drain()
    assert state(first)[0] == (SendState.QUEUED if then == "waits" else SendState.PARTLY_SENT)
    assert inbox(member) == [TEXT]
    assert decisions(other) == [("held", "cap")]


def test_a_failure_can_be_cancelled_until_the_next_try(noon):
    send = tell(neighbour())
    actions.drain()
    box = Box(Outcome("failed", "503"))
    carry(box)
    assert actions.cancel(viewer=TESTS, subject=SUBJECT, reason="event_cancelled") == 1
    with clock.held(noon + HOUR):
        carry(box)
    assert (len(box.got), state(send)[0]) == (1, SendState.PARTLY_SENT)


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (Outcome("failed", "400", final=True), (SendState.PARTLY_SENT, "channel_failed")),
        (Outcome("unknown", "timeout"), (SendState.UNKNOWN, "")),
    ],
)
def test_what_the_relay_wrote_down_is_asked_for(noon, outcome, end):
    send = tell(neighbour())
    actions.drain()
    carry(Box(outcome))
    assert state(send)[0] == SendState.QUEUED
    assert actions.settle() == 1
    assert actions.settle() == 0
    assert state(send) == end
    letter = Letter.objects.get()
    if end[0] == SendState.UNKNOWN:
        outbox.settle(viewer=TESTS, public_id=letter.public_id, delivered=True, reason="asked")
        assert actions.settle() == 1
        assert state(send) == (SendState.SENT, "")


def test_an_expired_letter_was_seen_in_the_inbox_only(noon):
    send = tell(neighbour(), expires_at=noon + HOUR)
    actions.drain()
    with clock.held(noon + HOUR):
        assert carry(Box()).expired == 1
        actions.settle()
    assert state(send) == (SendState.PARTLY_SENT, "channel_failed")


def test_other_letters_of_the_same_carrier_just_go(noon):
    outbox.post(
        viewer=TESTS,
        kind="outreach.confirm",
        to="a@b.example",
        body={"text": "?"},
        carrier="webhook_out",
        key="k",
    )
    box = Box()
    carry(box)
    assert [parcel.kind for parcel in box.got] == ["outreach.confirm"]


def test_a_letter_of_a_send_that_is_not_there_fails(noon):
    body = {"send": "7d9f1c1e-0000-4000-8000-000000000000", "key": "x"}
    outbox.post(viewer=TESTS, kind="outreach.message", to="1", body=body, carrier="webhook_out", key="k")
    box = Box()
    carry(box)
    assert (box.got, Letter.objects.get().detail) == ([], "gone")


@pytest.mark.parametrize("trouble", ["merging", "database"])
def test_what_could_not_be_asked_is_asked_again_later(noon, monkeypatch, trouble):
    send = tell(neighbour())
    actions.drain()
    box, whole = Box(), carrying.lock_people

    def troubled(persons, *, wait):
        if trouble == "database":
            raise OperationalError
        return whole([], wait=wait)

    with monkeypatch.context() as now:
        now.setattr(carrying, "lock_people", troubled)
        carry(box)
    assert (box.got, Letter.objects.get().state) == ([], "waiting")
    with clock.held(noon + HOUR):
        carry(box)
    assert (len(box.got), state(send)) == (1, (SendState.SENT, ""))


def test_what_could_not_be_written_down_is_asked_of_the_outbox(noon, monkeypatch):
    send = tell(neighbour())
    actions.drain()

    def troubled(**_):
        raise OperationalError

    with monkeypatch.context() as now:
        now.setattr(carrying, "end", troubled)
        carry(Box())
    assert (Letter.objects.get().state, state(send)[0]) == ("sent", SendState.QUEUED)
    assert actions.settle() == 1
    assert state(send) == (SendState.SENT, "")


def test_members_who_merge_while_the_letter_waits(noon):
    old, new = neighbour(), neighbour()
    send = tell(old)
    actions.drain()
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    box = Box()
    carry(box)
    assert (len(box.got), state(send)[0]) == (1, SendState.SENT)


def test_advertising_says_what_it_is_who_speaks_and_how_to_stop_it(noon):
    member = willing()
    tell(member, MessageClass.PROMOTION, text="全场八折")
    actions.drain()
    box = Box()
    carry(box)
    body = box.got[0].body
    assert body["text"] == "【广告】全场八折"
    assert body["sender"] == "同心超市"
    path, _, token = body["stop"].rstrip("/").rpartition("/")
    assert path == "https://tx.example/m/stop"
    assert actions.opt_out_by_token(token=token) is MessageClass.PROMOTION
    tell(member, MessageClass.PROMOTION, key="again")
    with clock.held(noon + 40 * DAY):
        assert actions.drain() == actions.Drained(dropped=1)


# ---- addresses


def test_an_address_counts_when_its_owner_has_confirmed_it(noon, settings):
    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "mail.example", "hi@tx.example"
    member = neighbour()
    viewer = member_viewer(member)
    actions.give_address(viewer=viewer, customer=member, value="xiaotao@example.com")
    assert Email().addresses([member.pk]) == {}
    letter = Letter.objects.get(kind="outreach.confirm")
    box = Box()
    carry(box, "email")
    token = box.got[0].body["url"].split("/")[-2]
    assert letter.to == box.got[0].to == "xiaotao@example.com"
    assert actions.confirm_address(token=token) == "email"
    assert actions.confirm_address(token=token) == "email"
    assert Email().addresses([member.pk]) == {member.pk: "xiaotao@example.com"}
    assert Email().reaches([member.pk]) == {member.pk}
    send = tell(member)
    actions.drain()
    assert Send.objects.get(pk=send.pk).channel == "email"  # before the gateway, which costs money
    carry(box, "email")
    assert [parcel.to for parcel in box.got] == ["xiaotao@example.com"] * 2
    assert actions.drop_address(viewer=viewer, customer=member)
    assert not Address.objects.exists()


def test_numbers_are_found_behind_a_merge(noon):
    old, new = neighbour(phone="13912340002"), CustomerFactory(phone=None)
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    assert Gateway().addresses([new.pk]) == {new.pk: "+8613912340002"}
    assert Gateway().reaches([new.pk]) == {new.pk}
