"""What members do: read their inbox, say no, say yes again, be forgotten; and what staff may ask about it."""

import json
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outreach.town import DAY, HOUR, TEXT, inbox, neighbour, plan, send_out, state, tell, willing
from people.factories import member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.models import Letter
from tongxin.outreach import actions, queries, tasks
from tongxin.outreach.actions.opting import signed_send
from tongxin.outreach.channels.lettered import stop_token
from tongxin.outreach.models import Address, CapPolicy, DecisionRow, Holdout, InboxItem, OptOut, Send
from tongxin.outreach.terms import Decision, MessageClass, Reason, SendState
from tongxin.people.actions import erase, export, merge
from tongxin.people.terms import MergeReason
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
SERVICE, COMMUNITY, PROMOTION = MessageClass.SERVICE, MessageClass.COMMUNITY, MessageClass.PROMOTION


def refused(code, act, *args, **more):
    before = Entry.objects.count(), OptOut.objects.count(), CapPolicy.objects.count(), Holdout.objects.count()
    with pytest.raises(Refused) as no:
        act(*args, **more)
    assert no.value.code == code
    assert before == (
        Entry.objects.count(),
        OptOut.objects.count(),
        CapPolicy.objects.count(),
        Holdout.objects.count(),
    )


# ---- the inbox


def test_my_inbox_is_mine_newest_first(noon):
    store = StoreFactory(name="古墩路店")
    member, other = neighbour(), neighbour()
    tell(member, text="一", body={"path": "/e/1"}, store=store.pk)
    tell(other, text="别人的")
    actions.drain()
    with clock.held(noon + HOUR):
        tell(member, text="二")
        actions.drain()
    viewer_ = member_viewer(member)
    page = queries.my_inbox(viewer_)
    assert [(line.text, line.path, line.store_name, line.at) for line in page.items] == [
        ("二", "", "", noon + HOUR),
        ("一", "/e/1", "古墩路店", noon),
    ]
    assert queries.unread_count(viewer_) == 2
    with clock.held(noon + DAY):
        read = actions.mark_read(viewer=viewer_, public_id=page.items[0].public_id)
        assert read.read_at == noon + DAY
    assert actions.mark_read(viewer=viewer_, public_id=page.items[0].public_id).read_at == noon + DAY
    assert queries.unread_count(viewer_) == 1
    assert [line.text for line in queries.my_inbox(viewer_, unread=True).items] == ["一"]
    assert actions.mark_all_read(viewer=viewer_) == 1
    first = queries.my_inbox(viewer_, limit=1)
    assert [line.text for line in queries.my_inbox(viewer_, limit=1, cursor=first.cursor).items] == ["一"]


def test_nobody_elses_inbox(noon):
    member = neighbour()
    tell(member)
    actions.drain()
    item = InboxItem.objects.get()
    for other in (member_viewer(neighbour()), viewer(Role.ADMIN), ANONYMOUS):
        assert queries.my_inbox(other).items == ()
        assert queries.unread_count(other) == 0
        refused("absent", actions.mark_read, viewer=other, public_id=item.public_id)
    refused("absent", actions.mark_read, viewer=member_viewer(member), public_id="x")
    refused("absent", actions.mark_read, viewer=member_viewer(member), public_id=uuid4())
    refused("absent", actions.mark_all_read, viewer=ANONYMOUS)
    item.refresh_from_db()
    assert item.read_at is None


def test_the_inbox_of_two_entries_is_one(noon):
    old, new = neighbour(), neighbour()
    tell(old, text="旧")
    actions.drain()
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    tell(old, text="新")
    actions.drain()
    assert [line.text for line in queries.my_inbox(member_viewer(new)).items] == ["新", "旧"]


@pytest.mark.parametrize("many", [1, 3])
def test_inbox_and_reasons_take_constant_statements(noon, many):
    member = neighbour()
    for _ in range(many):
        tell(member)
    actions.drain()
    itself, boss = member_viewer(member), viewer(Role.HQ_EDITOR)
    for ask, most in (
        (lambda: queries.my_inbox(itself), 2),
        (lambda: queries.unread_count(itself), 2),
        (lambda: queries.told(boss, member.public_id), 5),
    ):
        with CaptureQueriesContext(connection) as asked:
            ask()
        assert len(asked) == most


# ---- no, and yes again


def test_a_no_holds_at_once_and_can_be_taken_back(noon):
    member = willing()
    itself = member_viewer(member)
    assert actions.opt_out(viewer=itself, customer=member, message_class=COMMUNITY)
    assert not actions.opt_out(viewer=itself, customer=member, message_class=COMMUNITY)
    assert [(line.message_class, line.channel) for line in queries.my_opt_outs(itself)] == [(COMMUNITY, "")]
    tell(member, COMMUNITY)
    kept = tell(member)
    assert actions.drain() == actions.Drained(sent=1, dropped=1)
    assert state(kept)[0] == SendState.SENT
    assert actions.opt_in(viewer=itself, customer=member, message_class=COMMUNITY)
    assert not actions.opt_in(viewer=itself, customer=member, message_class=COMMUNITY)
    assert queries.my_opt_outs(itself) == []
    tell(member, COMMUNITY)
    assert actions.drain() == actions.Drained(sent=1)
    acts = Entry.objects.filter(act__startswith="outreach").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["outreach.opted_out", "outreach.opted_in"]


def test_a_no_to_one_channel_leaves_the_others(noon):
    member = willing()
    actions.opt_out(viewer=member_viewer(member), customer=member, message_class=SERVICE, channel="inbox")
    send = tell(member)
    actions.drain()
    assert state(send) == (SendState.CANCELLED, "no_way")


def test_a_no_of_one_entry_is_the_persons(noon):
    old, new = willing(), willing()
    actions.opt_out(viewer=member_viewer(old), customer=old, message_class=COMMUNITY)
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    assert [line.message_class for line in queries.my_opt_outs(member_viewer(new))] == [COMMUNITY]
    tell(new, COMMUNITY)
    assert actions.drain() == actions.Drained(dropped=1)
    assert actions.opt_in(viewer=member_viewer(new), customer=new, message_class=COMMUNITY)


def test_staff_write_down_what_a_member_told_them_in_their_stores_only():
    store = StoreFactory()
    member = willing(home_store=store)
    for other in (viewer(Role.CHAMPION), viewer(Role.HQ_ANALYST), member_viewer(neighbour())):
        refused("absent", actions.opt_out, viewer=other, customer=member, message_class=PROMOTION)
        refused("absent", actions.opt_in, viewer=other, customer=member, message_class=PROMOTION)
    champion = viewer(Role.CHAMPION, store=store)
    assert actions.opt_out(viewer=champion, customer=member, message_class=PROMOTION, via="told_staff")
    refused(
        "outreach.unknown_channel",
        actions.opt_out,
        viewer=champion,
        customer=member,
        message_class=PROMOTION,
        channel="pigeon",
    )


def test_a_link_of_an_address_that_was_taken_back_does_nothing(settings):
    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "mail.example", "hi@tx.example"
    member = neighbour()
    actions.give_address(viewer=member_viewer(member), customer=member, value="a@b.cn")
    token = json.loads(Letter.objects.get().body)["url"].split("/")[-2]
    actions.drop_address(viewer=member_viewer(member), customer=member)
    refused("outreach.bad_token", actions.confirm_address, token=token)


def test_the_link_in_a_message_stops_its_class(noon):
    member = willing()
    send = tell(member, COMMUNITY)
    token = stop_token(str(send.public_id))
    assert signed_send(token).pk == send.pk
    assert not OptOut.objects.exists()  # looking changes nothing
    for _ in range(2):
        assert actions.opt_out_by_token(token=token) is COMMUNITY
    assert OptOut.objects.get().via == "stop_link"
    actions.drain()
    assert inbox(member) == []


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a:b:c",
        signing.dumps(str(uuid4()), salt="outreach.stop"),
        signing.dumps("no uuid", salt="outreach.stop"),
        signing.dumps(str(uuid4()), salt="other"),
    ],
    ids=[
        "empty",
        "short",
        "no signature",
        "unknown",
        "no number",
        "another salt",
    ],  # the tokens differ from run to run
)
def test_a_foreign_token_does_nothing(token):
    refused("outreach.bad_token", actions.opt_out_by_token, token=token)
    refused("outreach.bad_token", actions.confirm_address, token=token)


def test_an_altered_token_and_one_of_somebody_erased(noon):
    member = willing()
    token = stop_token(str(tell(member, COMMUNITY).public_id))
    refused(
        "outreach.bad_token", actions.opt_out_by_token, token=token[:-1] + ("A" if token[-1] != "A" else "B")
    )
    erase(viewer=member_viewer(member), customer=member, reason="asked")
    refused("outreach.bad_token", actions.opt_out_by_token, token=token)


def test_addresses_are_checked(settings):
    member = neighbour()
    itself = member_viewer(member)
    refused("outreach.channel_off", actions.give_address, viewer=itself, customer=member, value="a@b.cn")
    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "mail.example", "hi@tx.example"
    for bad in ("", "nobody", "a@b.cn\nBcc: c@d.cn", "a@b.cn,c@d.cn"):
        refused("outreach.address_bad", actions.give_address, viewer=itself, customer=member, value=bad)
    refused(
        "outreach.unknown_channel",
        actions.give_address,
        viewer=itself,
        customer=member,
        value="1",
        channel="inbox",
    )
    refused(
        "absent", actions.give_address, viewer=member_viewer(neighbour()), customer=member, value="a@b.cn"
    )
    assert not Address.objects.exists()
    actions.give_address(viewer=itself, customer=member, value=" a@b.cn ")
    assert [(one.value, one.confirmed) for one in queries.my_addresses(itself)] == [("a@b.cn", False)]
    before = Entry.objects.count()
    Address.objects.update(confirmed_at=clock.now())
    assert actions.give_address(viewer=itself, customer=member, value="A@b.cn").confirmed_at is not None
    assert Entry.objects.count() == before
    assert actions.drop_address(viewer=itself, customer=member)
    assert not actions.drop_address(viewer=itself, customer=member)


# ---- why was she not told


def test_headquarters_can_ask_why(noon):
    store = StoreFactory()
    member = willing(home_store=store)
    tell(member)
    tell(member, COMMUNITY)
    message = plan(store, channel="inbox", title="周六面包课")
    send_out(message)
    boss = viewer(Role.HQ_EDITOR)
    lines = queries.told(boss, member.public_id).items
    assert [(line.kind, line.title, line.state) for line in lines] == [
        ("plan", "周六面包课", SendState.QUEUED),
        ("note", "", SendState.SENT),
        ("note", "", SendState.SENT),
    ]
    (said,) = lines[0].said
    assert (said.outcome, said.why, said.until, said.at) == (Decision.HELD, Reason.CAP, noon + DAY, noon)
    assert queries.told(member_viewer(member), member.public_id).items == lines
    assert queries.told(viewer(Role.CHAMPION, store=store), member.public_id).items == lines
    refused("absent", queries.told, viewer(Role.CHAMPION), member.public_id)
    refused("forbidden", queries.told, viewer(Role.HQ_ANALYST), member.public_id)


def test_from_what_is_somebody_held_out(noon):
    member = willing()
    boss = viewer(Role.HQ_EDITOR)
    row = actions.open_holdout(viewer=boss, label="三月", share_permille=500, until=noon + DAY, seed="0")
    inside = bool(queries.held_out_of(boss, member.public_id))
    tell(member, COMMUNITY)
    assert actions.drain() == (actions.Drained(dropped=1) if inside else actions.Drained(sent=1))
    assert queries.held_out_of(boss, member.public_id, at=noon + DAY) == []
    actions.close_holdout(viewer=boss, public_id=row.public_id)
    assert queries.held_out_of(boss, member.public_id) == []
    assert actions.close_holdout(viewer=boss, public_id=row.public_id).until == noon


def test_who_may_hold_out_and_cap(noon):
    store = StoreFactory()
    champion, boss = viewer(Role.CHAMPION, store=store), viewer(Role.HQ_EDITOR)
    more = {"label": "x", "until": noon + DAY}
    refused("forbidden", actions.open_holdout, viewer=champion, share_permille=10, **more)
    refused("outreach.share_bad", actions.open_holdout, viewer=boss, share_permille=501, **more)
    refused(
        "outreach.past_expiry", actions.open_holdout, viewer=boss, share_permille=1, label="x", until=noon
    )
    refused("forbidden", actions.close_holdout, viewer=champion, public_id=uuid4())
    for wrong in ("x", uuid4()):
        refused("absent", actions.close_holdout, viewer=boss, public_id=wrong)
    willing(home_store=store)
    message = plan(store, channel="inbox")
    send_out(message)
    refused(
        "outreach.wrong_state", actions.open_holdout, viewer=boss, share_permille=10, message=message, **more
    )
    cap = {"message_class": COMMUNITY, "hours": 168, "most": 2, "clause": "少打扰"}
    refused("forbidden", actions.set_cap, viewer=champion, **cap)
    refused("outreach.cap_bad", actions.set_cap, viewer=boss, **(cap | {"hours": 0}))
    refused("outreach.cap_bad", actions.set_cap, viewer=boss, **(cap | {"clause": " "}))
    refused("outreach.cap_above_platform", actions.set_cap, viewer=boss, **(cap | {"hours": 24}))
    refused("forbidden", queries.caps_now, viewer(Role.DOOR, store=store))


def test_the_chains_own_cap_holds_from_its_day(noon):
    boss, member = viewer(Role.HQ_EDITOR), willing()
    actions.set_cap(
        viewer=boss, message_class=COMMUNITY, hours=168, most=0, clause="安静一周", since=noon + 2 * DAY
    )
    assert (
        next(one.most for one in queries.caps_now(boss) if (one.message_class, one.hours) == (COMMUNITY, 168))
        == 3
    )
    tell(member, COMMUNITY)
    assert actions.drain() == actions.Drained(sent=1)
    with clock.held(noon + 2 * DAY):
        tell(member, COMMUNITY)
        assert actions.drain() == actions.Drained(dropped=1)
        assert CapPolicy.objects.get().clause == "安静一周"


# ---- forgotten


def test_erasure_and_export_know_all_of_it(noon, settings):
    settings.TONGXIN_SMTP_HOST, settings.TONGXIN_SMTP_FROM = "mail.example", "hi@tx.example"
    member, other = willing(), willing()
    itself = member_viewer(member)
    gone = tell(member, text="给小桃的话")
    actions.drain()
    waits = tell(member, text="给小桃的话", due_at=noon + DAY)
    tell(other, text="给别人的话")
    actions.opt_out(viewer=itself, customer=member, message_class=PROMOTION)
    actions.give_address(viewer=itself, customer=member, value="xiaotao@example.com")
    told = export(viewer=itself, customer=member)["rooms"]["outreach"]
    assert {name: len(rows) for name, rows in told.items() if rows} == {
        "sends": 2, "decisions": 1, "inbox": 1, "opt_outs": 1, "addresses": 1,
    }  # fmt: skip
    assert (told["inbox"][0]["text"], told["addresses"][0]["value"]) == ("给小桃的话", "xiaotao@example.com")
    erase(viewer=itself, customer=member, reason="asked")
    assert not InboxItem.objects.exists()
    assert not Address.objects.exists()
    assert set(Send.objects.filter(person=member).values_list("body", flat=True)) == {""}
    assert state(waits) == (SendState.CANCELLED, "erased")
    assert state(gone) == (SendState.SENT, "")
    assert (DecisionRow.objects.count(), OptOut.objects.count()) == (1, 1)
    with clock.held(noon + DAY):
        assert actions.drain() == actions.Drained(sent=1)
    assert inbox(other) == ["给别人的话"]


def test_old_words_go(noon):
    member = neighbour()
    send, waits = tell(member), tell(member, due_at=noon + 400 * DAY)
    actions.drain()
    with clock.held(noon + 30 * DAY):
        assert tasks.forget(timestamp=0) == 0
    with clock.held(noon + 31 * DAY):
        assert tasks.forget(timestamp=0) == 1
        assert tasks.forget(timestamp=0) == 0
    assert Send.objects.get(pk=send.pk).body == ""
    assert Send.objects.get(pk=waits.pk).body != ""
    assert inbox(member) == [TEXT]
    with clock.held(noon + 366 * DAY):
        assert tasks.forget(timestamp=0) == 1
    assert inbox(member) == []


def test_the_worker_does_all_of_it(noon, monkeypatch):
    store = StoreFactory()
    members = [willing(home_store=store) for _ in range(2)]
    message = plan(store, channel="inbox")
    monkeypatch.setattr(tasks, "WINDOW", 0.0)

    class Job:
        @staticmethod
        def should_abort():
            return False

    assert tasks.run_drain.func(Job, timestamp=0) == 2
    message.refresh_from_db()
    assert message.state == SendState.SENT
    assert [inbox(member) for member in members] == [[TEXT]] * 2
